// A queue between processes.
#pragma once

#include <troupe/actor_system.hpp>
#include <troupe/dead_item.hpp>
#include <troupe/detail/queue_client.hpp>
#include <troupe/errors.hpp>
#include <troupe/future.hpp>
#include <troupe/message.hpp>

#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// Nothing can be put into the queue any more.
class queue_closed : public error {
 public:
  using error::error;
};

/// A writer died, and the queue is one that ends with that (`queue_options::ends_with_a_writer`).
class queue_broken : public queue_closed {
 public:
  queue_broken(const std::string& queue, exit_status status)
      : queue_closed{"queue '" + queue + "' has ended with a writer of it: " + to_string(status)},
        status_{std::move(status)} {}
  /// How the writer ended.
  [[nodiscard]] const exit_status& status() const { return status_; }

 private:
  exit_status status_;
};

struct queue_options {
  std::size_t capacity = 1024;  ///< items, at least 1; small enough that a stuck consumer shows soon
  std::size_t capacity_bytes =
      std::size_t{16} << 20;  ///< of them, encoded, at least 1; whichever is reached first makes writers wait
  std::size_t at_once = 256;  ///< most that a reader is brought at a time; 1: only what it asks for
  std::string name{};         ///< of the queue's process; empty: "queue-" and a number
  /// Whether the death of an actor that has put something (by a signal, an error or an exception, also one that only leaves the
  /// scope of its last handle to the queue; not the end of a function that returns, nor a stop) closes the queue. Its readers then get what is left, and after that `queue_broken` instead of
  /// the end. For a queue whose every writer counts; otherwise readers wait for the writers that are left, or to come.
  bool ends_with_a_writer = false;
  /// How often consumers may end by a signal, an error or an exception with an item in their hands: then nobody is given it
  /// any more, and `take_dead` has it. 0: no limit. An item that somebody died with is brought to the next one alone; those that had
  /// been brought with it count as in his hands too, unless this is 1: then each is brought alone.
  std::size_t max_attempts = 0;
  /// Whether the queue's process is started again when it dies, with all that was in it and all that readers have: nobody
  /// notices. It writes down for that what changes, at the price of some of its speed. False: its end is the end.
  bool survives = true;
};

/// A bounded first-in-first-out queue between processes; each item goes to exactly one consumer.
///
/// The queue is an actor of its own. A `queue<T>` is a handle to it: copies name the same queue, and a handle travels
/// inside messages. Items of one process come in the order in which it put them. A process that takes items quickly is
/// brought some at a time, about a millisecond's work, or what it does while the next come. What it has not come to when
/// the last copy of its handle goes, when it closes the queue, or when it dies, is at the front of the queue again, in
/// order. A process that dies may have handled some of what comes back: since its last request.
///
/// ## Done
/// An item is done when its reader asks this handle, or a copy of it in the same process, for the next one, when it says
/// `done()`, or when the last copy goes in good order; an item of a process that died, or that an exception ended, is not,
/// and comes back. `join()` waits until everything that was put is done.
///
/// The byte bound counts items as they are encoded. It goes by the sizes of those before, so a run of larger ones may pass
/// it by what has been promised to writers until then; an item larger than the bound passes alone.
///
/// ## Ending
/// `close()` is the sentinel: writers get `queue_closed`, readers get what is left and then `nullopt`, each of them,
/// without counting, once nobody has anything to put or to give back; half a second after the close nobody is waited for
/// any more. A queue that ends with a writer tells that one's death as `queue_broken`. Dropping a handle closes nothing; the
/// queue's process ends with its system.
///
/// ## Its own death
/// The process that dies is started again with all that was in it (`queue_options::survives`), and whoever waited goes on. Where
/// it is not, or holds items with shared memory, or dies again and again (100 times in three seconds), that is no end of the
/// stream: `get` and iteration throw `actor_down`, and only a close gives `nullopt`.
///
/// Threads: all members may be called from any thread. Processes: a handle is valid in every process of its system; not
/// after fork() by other means.
template <class T>
class queue {
  static_assert(detail::check_message<T>());

 public:
  /// No queue yet: anything but assignment throws `std::logic_error`.
  queue() = default;

  /// Starts a queue; as `system.make_queue<T>(options)`. Throws `start_failed`, `system_stopped`, and
  /// `std::invalid_argument` for a capacity of 0.
  explicit queue(actor_system& system, const queue_options& options = {})
      : client_{std::make_shared<detail::queue_client<T>>(
            detail::spawn_queue<T>(system, options.name,
                                   {.capacity = options.capacity,
                                    .capacity_bytes = options.capacity_bytes,
                                    .at_once = options.at_once,
                                    .max_attempts = options.max_attempts,
                                    .ends_with_a_writer = options.ends_with_a_writer,
                                    .survives = options.survives}))} {}

  /// Waits while the queue is full. On return the queue has `item`, of which the caller keeps its own. Throws
  /// `queue_closed` (of a writer's death `queue_broken`), `actor_down`, `stop_requested`; then the item was not taken. Where another process closes the queue
  /// at the same time, items that are put within the next milliseconds may still be taken, and handed out.
  void put(const T& item) { (void)put_until(item, detail::no_deadline); }

  /// As `put`, but false, and nothing taken, if the queue stays full for `patience`. Zero or less does not wait for room.
  [[nodiscard]] bool try_put(const T& item, std::chrono::milliseconds patience = {}) {
    return put_until(item, detail::deadline_in(patience));
  }

  /// Waits for the next item, now the caller's; nullopt once the queue is closed and drained. Throws `actor_down`,
  /// `stop_requested`.
  [[nodiscard]] std::optional<T> get() { return get_until(detail::no_deadline); }

  /// As `get`; throws `timeout` after `patience`, so that "late" and "ended" are told apart.
  [[nodiscard]] std::optional<T> get_for(std::chrono::milliseconds patience) {
    return get_until(detail::deadline_in(patience));
  }

  /// Ready once `get` would find something, an item or the end, without waiting for longer than the queue takes to answer
  /// (half a second at most after a close). For waiting for several things: see `wait_any`. Takes nothing, so dropping it
  /// loses nothing: take with `get_for`, as another reader may have been quicker. Where nobody comes for what it announced,
  /// it stays true; keep it until it is ready rather than asking again. Throws what `get` throws, and `actor_down`, fate
  /// `died_running`, where the queue's process died meanwhile: ask again.
  [[nodiscard]] future<void> readable() { return client().readable(); }

  class iterator;

  /// `for (T& item : queue)` takes items as `get` does, until there are no more.
  [[nodiscard]] iterator begin() { return iterator{*this}; }
  [[nodiscard]] std::default_sentinel_t end() { return {}; }

  /// No more items: returns at once, and may be called by anyone, any number of times.
  void close() { client().close(); }

  /// As `close`, and drops the items that are waiting: how many. What readers have been brought already is theirs, or is
  /// dropped when they give it back. Waits for the queue's answer; throws `actor_down`.
  std::size_t close_now() { return client().close_now(); }

  /// The items that this handle has given out are done: needed only where the next `get` comes late, or never.
  void done() { client().done(); }

  /// Which attempt at the item that this thread took last this is, from 1 on: more where consumers before this one died with it
  /// in their hands. What they did with it outside may have been done.
  [[nodiscard]] std::uint32_t attempt() const { return client().attempt(); }

  /// Takes over the items that are given to nobody any more (`queue_options::max_attempts`), with all causes. Each goes to one caller. For `join` they are
  /// done. Waits for the queue's answer; throws `actor_down`.
  [[nodiscard]] std::vector<dead_item<T>> take_dead() { return client().take_dead(); }

  /// Waits until every item is done that was put before, by anyone. Throws `actor_down`, `stop_requested`.
  void join() { (void)client().join(detail::no_deadline); }
  /// As `join`; false after `patience`.
  [[nodiscard]] bool join_for(std::chrono::milliseconds patience) {
    return client().join(detail::deadline_in(patience));
  }

  /// Items waiting now, those brought to a reader not counted. A moment's truth, like the next two: for people and pictures,
  /// not for decisions. Waits for the queue's answer; throws `actor_down`.
  [[nodiscard]] std::size_t size() const { return client().size(); }
  /// Whether no item is waiting.
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// Whether a put by somebody new would wait.
  [[nodiscard]] bool full() const { return client().full(); }

  /// The name of the queue's process.
  [[nodiscard]] const std::string& name() const { return client().actor().name(); }

  /// The queue's process, for watching and stopping it. A stop loses what is in it; one that is killed comes back.
  [[nodiscard]] process handle() const { return client().actor(); }

  /// How a handle travels inside a message. For the library: `load` makes a handle of its own of the same queue.
  template <class Archive>
  void save(Archive& archive) const {
    archive(client().actor());
  }
  template <class Archive>
  void load(Archive& archive) {
    detail::queue_address<T> address;
    archive(address);
    client_ = std::make_shared<detail::queue_client<T>>(std::move(address));
  }

 private:
  bool put_until(const T& item, detail::deadline until) {
    const auto outcome = client().put(item, until);
    if (outcome == detail::put_outcome::closed) {
      check_writers();
      throw queue_closed{"queue '" + name() + "' is closed: the item was not taken"};
    }
    return outcome == detail::put_outcome::taken;
  }
  std::optional<T> get_until(detail::deadline until) {
    auto item = client().get(until);
    if (!item) check_writers();
    return item;
  }
  /// Of a queue that has ended.
  void check_writers() const {
    if (auto death = client().writer_death()) throw queue_broken{name(), *std::move(death)};
  }
  detail::queue_client<T>& client() const {
    if (!client_) throw std::logic_error{"troupe::queue: a handle that names no queue"};
    return *client_;
  }

  std::shared_ptr<detail::queue_client<T>> client_;
};

/// Takes the items of a queue one after another. Input iterator: holds the item that it stands at; `end()` of the queue is
/// where it stops. Threads: one at a time; several iterators share the items. Valid as long as its queue object.
template <class T>
class queue<T>::iterator {
 public:
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::input_iterator_tag;

  iterator() = default;
  explicit iterator(queue& from) : from_{&from}, item_{from.get()} {}

  T& operator*() const { return *item_; }
  T* operator->() const { return &*item_; }
  iterator& operator++() {
    item_ = from_->get();
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const iterator& at, std::default_sentinel_t) { return !at.item_; }

 private:
  queue* from_ = nullptr;
  mutable std::optional<T> item_;
};

}  // namespace troupe
