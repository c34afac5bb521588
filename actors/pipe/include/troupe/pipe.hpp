// A pipe between two processes: two ends, each of which sends one type and receives the other.
#pragma once

#include <troupe/detail/pipe_client.hpp>
#include <troupe/errors.hpp>
#include <troupe/future.hpp>
#include <troupe/handover.hpp>
#include <troupe/message.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace troupe {

/// This end of the pipe or the other one is closed.
class pipe_closed : public error {
 public:
  using error::error;
};

/// The last holder of the other end died, or was left by an exception.
class pipe_broken : public pipe_closed {
 public:
  pipe_broken(const std::string& pipe, exit_status status)
      : pipe_closed{"the other end of pipe '" + pipe + "' is gone: its last holder ended by " +
                    to_string(status)},
        status_{std::move(status)} {}
  /// How it ended.
  [[nodiscard]] const exit_status& status() const { return status_; }

 private:
  exit_status status_;
};

struct pipe_options {
  std::size_t capacity = 1024;  ///< items in each direction, at least 1; then the sender waits
  std::size_t capacity_bytes = std::size_t{16} << 20;  ///< of them, encoded; whichever is reached first
  std::string name{};                                  ///< of the pipe's process; empty: "pipe-" and a number
};

template <class T, class U>
class pipe;

/// One end of a pipe. What is sent here comes out at the other end, in order, and the other way round.
///
/// ## Who holds it
/// A handle has one owner: it is moved, also into messages. `system.spawn<f>(std::move(end))` gives it to the new process,
/// and it names nothing here afterwards; where the send fails, it is still the caller's. `share()` makes another handle of
/// the same end, for others to hold too: each item goes to one of those who receive.
///
/// ## Ending
/// An end is closed by `close()`, for all who hold it, or when its last handle goes in good order, or the process does.
/// Where the last holder is killed, crashes, ends with an error, or lets go because of an exception, it is broken instead.
/// At the other end `receive` then gives what is left, and after that nullopt (closed) or `pipe_broken`; sending throws
/// `pipe_closed` or `pipe_broken`, and what nobody can read any more is dropped. What was sent outlives its sender. Of the
/// processes that held an end and have ended, the last one counts. The pipe's process ends with the last handle of all;
/// where it dies, everything throws `actor_down`.
///
/// A handle in a tell, an ask or a spawn is on its way until its receiver has it, or ends. In an answer it is so for 30
/// seconds at most: where nobody takes the answer until then, it counts as dropped.
///
/// Threads: any, but for moving. Processes: any of the same system.
template <class Sends, class Receives>
class pipe_end {
  static_assert(detail::check_message<Sends>() && detail::check_message<Receives>());

 public:
  /// No end yet: anything but assignment throws `std::logic_error`.
  pipe_end() = default;
  pipe_end(pipe_end&&) noexcept = default;
  pipe_end& operator=(pipe_end&&) noexcept = default;

  /// Waits while the pipe is full. On return the pipe has `item`, of which the caller keeps its own. Throws `pipe_closed`,
  /// `pipe_broken`, `actor_down`, `stop_requested`; then it was not taken.
  void send(const Sends& item) { (void)put(item, detail::no_deadline); }
  /// As `send`, but false, and nothing taken, if the pipe stays full for `patience`. Zero or less does not wait for room.
  [[nodiscard]] bool try_send(const Sends& item, std::chrono::milliseconds patience = {}) {
    return put(item, detail::deadline_in(patience));
  }

  /// Waits for the next item, now the caller's; nullopt once the other end is closed and everything has been received.
  /// Throws `pipe_broken` instead where it is broken; `pipe_closed` where this end is; `actor_down`, `stop_requested`.
  [[nodiscard]] std::optional<Receives> receive() { return get(detail::no_deadline); }
  /// As `receive`; throws `timeout` after `patience`.
  [[nodiscard]] std::optional<Receives> receive_for(std::chrono::milliseconds patience) {
    return get(detail::deadline_in(patience));
  }
  /// Ready once `receive` would find something: an item, or an end of any kind. For `wait_any`; as `queue::readable`.
  [[nodiscard]] future<void> readable() { return client().readable(); }

  /// This end is closed, for all who hold it. Returns at once.
  void close() { client().close(); }
  /// Nothing more is sent from this end, which may still receive: the other end's `receive` gives nullopt after the rest.
  void close_sending() { client().close_sending(); }

  /// Another handle of this end.
  [[nodiscard]] pipe_end share() const {
    pipe_end other;
    other.client_ = checked();
    return other;
  }
  /// Whether it names an end.
  [[nodiscard]] bool valid() const { return client_ != nullptr; }

  /// The name of the pipe's process, and the process, for watching and ending it.
  [[nodiscard]] const std::string& name() const { return client().where().name(); }
  [[nodiscard]] process handle() const { return client().where(); }

  /// How it travels inside a message, which takes it along. For the library.
  template <class Archive>
  void save(Archive& archive) const {
    announce();
    archive(client().side(), ticket_, client().where());
  }
  template <class Archive>
  void load(Archive& archive) {
    std::uint8_t side = 0;
    archive(side, ticket_);
    const auto ticket = std::exchange(ticket_, {});
    if (side == 0) {
      arrive<detail::pipe_side_client<Sends, Receives, 0>, detail::pipe_actor<Sends, Receives>>(archive,
                                                                                                ticket);
    } else {
      arrive<detail::pipe_side_client<Receives, Sends, 1>, detail::pipe_actor<Receives, Sends>>(archive,
                                                                                                ticket);
    }
  }

 private:
  template <class T, class U>
  friend class pipe;
  using client_type = detail::pipe_client<Sends, Receives>;
  explicit pipe_end(std::shared_ptr<client_type> client) : client_{std::move(client)} {}

  bool put(const Sends& item, detail::deadline until) {
    const auto outcome = client().put(item, until);
    if (outcome != detail::put_outcome::closed) return outcome == detail::put_outcome::taken;
    check_other_end();
    if (client().fate_of(false).ended)
      throw pipe_closed{"the other end of pipe '" + name() + "' is closed: the item was not taken"};
    throw pipe_closed{"this end of pipe '" + name() + "' is closed: the item was not taken"};
  }
  std::optional<Receives> get(detail::deadline until) {
    auto item = client().get(until);
    if (item) return item;
    if (client().fate_of(true).ended) throw pipe_closed{"this end of pipe '" + name() + "' is closed"};
    check_other_end();
    return item;
  }
  void check_other_end() const {
    if (const auto other = client().fate_of(false); other.death) throw pipe_broken{name(), *other.death};
  }

  /// A message is measured, then written: the ticket is the same, and stays where the send fails.
  void announce() const {
    if (ticket_ == detail::pipe_ticket{}) {
      const auto drawn = detail::pipe_ticket{detail::draw_number()};
      client().pass(drawn);
      ticket_ = drawn;
    }
    when_sent(this, [this](const process& to) {
      const auto sent = std::exchange(ticket_, {});
      const auto left = std::exchange(client_, nullptr);
      try {
        left->pass_to(sent, to, left.use_count() == 1);
      } catch (const std::exception&) {
        // The pipe is gone: whoever gets this end will hear of it.
      }
    });
  }

  template <class Client, class Home, class Archive>
  void arrive(Archive& archive, detail::pipe_ticket ticket) {
    actor<Home> home;
    archive(home);
    const auto client = std::make_shared<Client>(home, detail::queue_visitor{detail::draw_number()});
    client_ = client;
    try {
      client->arrive(ticket);
    } catch (const error&) {
      // The pipe is gone: the first use says so.
    }
  }

  const std::shared_ptr<client_type>& checked() const {
    if (!client_)
      throw std::logic_error{
          "troupe::pipe_end: it names no pipe: it was default-constructed, moved or sent away"};
    return client_;
  }
  client_type& client() const { return *checked(); }

  mutable std::shared_ptr<client_type> client_;  // sending it, which saves, takes it away
  mutable detail::pipe_ticket ticket_{};
};

/// A pipe that carries `T` from `first` to `second`, and `U` back; its two ends, to be moved to where they belong. What is
/// on its way is held by a process of its own, in each direction no more than the options say.
///
///     troupe::pipe<std::string, int> talk{system};
///     system.spawn<answer>(std::move(talk.second));
///     talk.first.send("how long?");
///     std::optional<int> length = talk.first.receive();
template <class T, class U = T>
class pipe {
 public:
  /// Throws `start_failed`, `system_stopped`, and `std::invalid_argument` for a capacity of 0.
  explicit pipe(actor_system& system, const pipe_options& options = {}) {
    if (options.capacity == 0 || options.capacity_bytes == 0)
      throw std::invalid_argument{"troupe::pipe: a capacity of 0 would keep every sender waiting"};
    static std::atomic<int> made{0};
    spawn_options how;
    how.name = !options.name.empty() ? options.name : "pipe-" + std::to_string(++made);
    const detail::pipe_holder one{detail::queue_visitor{detail::draw_number()}, 0};
    const detail::pipe_holder two{detail::queue_visitor{detail::draw_number()}, 1};
    const auto home = system.spawn<detail::pipe_actor<T, U>>(how, options.capacity, options.capacity_bytes,
                                                             one, two, detail::this_process());
    first = pipe_end<T, U>{std::make_shared<detail::pipe_side_client<T, U, 0>>(home, one.who)};
    second = pipe_end<U, T>{std::make_shared<detail::pipe_side_client<T, U, 1>>(home, two.who)};
  }

  pipe_end<T, U> first;
  pipe_end<U, T> second;
};

}  // namespace troupe
