// The page: what a process tells the rest of its system through shared memory, without a message.
//
// Its heart is the commit record, which makes a turn a transaction. For each of the process's channels it says
//   finished   how far the messages that came in are dealt with; the sender may reuse the journal up to there
//   head       how far the journal of what goes out is valid; the receiver reads no further
// and it says so twice, in two copies. A commit writes the copy that is not in force, then flips which one is with a single
// store of the commit count (its parity chooses), then brings the other copy up to date:
//
//   commits = 6: copy 0 in force  ->  write copy 1  ->  commits = 7: copy 1 in force  ->  write copy 0
//
// A death at any point leaves one whole copy in force: all of the turn or nothing of it. Both copies of a channel are in one
// cache line, so that whoever looks for news of it fetches that, and the count, at once.
//
// The owner writes; its peers and the guardian map the page for reading. Nothing read from another's page is trusted.
#pragma once

#include <troupe/switched_off.hpp>

#include "platform/cpus.hpp"
#include "platform/crash_trace.hpp"
#include "platform/memory.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace troupe::channel {

/// Which of a page's entries belongs to a channel; chosen by the guardian, different at both ends.
enum class slot : std::uint32_t {};

inline constexpr auto relaxed = std::memory_order_relaxed;
inline constexpr std::uint32_t max_slots = 8192;
[[nodiscard]] inline std::size_t index_of(slot where) { return static_cast<std::size_t>(where) % max_slots; }

struct progress {
  std::uint64_t sequence = 0;  ///< last finished frame
  std::uint64_t position = 0;  ///< end of that frame in the sender's journal
};

struct commit_entry {
  std::atomic<std::uint64_t> finished_sequence;
  std::atomic<std::uint64_t> finished_position;
  std::atomic<std::uint64_t> head;

  void take_over(const commit_entry& from);
};

/// Of one channel.
struct alignas(64) channel_entries {
  std::array<commit_entry, 2> copies;
};

/// A message being handled, in a place that `running_places` says is in use.
struct running_message {
  std::atomic<std::uint32_t> channel;
  std::atomic<std::uint32_t> attempt;
  std::atomic<std::uint64_t> sequence;
  std::atomic<std::int64_t> since;  ///< monotonic nanoseconds
  std::atomic<std::uint64_t> item;  ///< of a chunk
};
inline constexpr std::size_t max_in_flight = 16;  ///< handlers that are coroutines
/// These, an ordinary one beside them, and what processes before this one died with and this one has not come to yet.
inline constexpr std::size_t max_running = 64;

/// Where the last checkpoint is: in which of two memories, and how large. Size 0: there is none.
struct checkpoint_mark {
  std::atomic<std::uint32_t> memory;
  std::atomic<std::uint64_t> size;
};

struct page_front {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t slots;
};

struct page_memory {
  page_front front;
  alignas(64) std::atomic<std::uint32_t> idle;  ///< about to sleep, or asleep: a send must wake the process
  alignas(64) std::atomic<std::uint64_t> commits;
  std::atomic<std::uint64_t> handled;    ///< messages
  std::atomic<std::uint32_t> waits_for;  ///< the actor whose answer or room is waited for; 0 for none
  alignas(64) std::array<running_message, max_running> running;
  /// Which of these are in use, a bit each; twice, as all that a commit puts in force.
  std::array<std::atomic<std::uint64_t>, 2> running_places;
  std::array<checkpoint_mark, 2> checkpoints;
  std::atomic<std::uint32_t> slots_used;  ///< those that channels have had are below that
  /// Of each channel the last frame whose handler began: no part of a turn, and in no line that others look at while it is
  /// written.
  std::array<std::atomic<std::uint64_t>, max_slots> begun;
  platform::crash_trace crash;  ///< of the last process that wrote one
  std::array<channel_entries, max_slots> channels;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free,
              "the page's fields are shared between processes");

/// The owner's view. Not thread-safe, but for `publish_head` and `publish_finished` of different slots while no turn is
/// open.
class page {
 public:
  [[nodiscard]] static platform::descriptor create();
  explicit page(const platform::descriptor& memory);

  /// A channel has that slot from now on.
  void use(slot where);
  /// Empties a slot before it is used again: no turn may have staged it.
  void clear(slot where);

  void stage_finished(slot where, progress done);
  void stage_head(slot where, std::uint64_t head);
  struct checkpoint {
    std::uint32_t memory = 0;
    std::uint64_t size = 0;
  };
  void stage_checkpoint(checkpoint what) {
    write(saved(1), what);
    is_checkpoint_staged_ = true;
  }
  /// The one in force.
  [[nodiscard]] checkpoint last_checkpoint() const { return read(saved(0)); }
  /// What the next commit puts in force.
  [[nodiscard]] checkpoint staged_checkpoint() const { return read(saved(1)); }
  /// Puts all that was staged in force, with one store.
  void commit();

  /// Puts one figure in force by itself, outside a turn.
  void publish_head(slot where, std::uint64_t head);
  void publish_finished(slot where, progress done);

  /// Notes a message as being handled; returns its place: where a process before this one died with it, the same again. At
  /// most `max_running` at a time.
  std::size_t begin(slot channel, std::uint64_t sequence, std::uint32_t attempt, std::int64_t since);
  /// Makes its end part of the open turn. A `place` that is none: the message's channel was gone before it began.
  void end(std::size_t place);

  /// For the process that takes the page over from one that has died: only what is in force counts. What that was at stays
  /// noted until it is begun again, or ended as it is.
  void begin_again();
  /// The place of such a message; `max_running` where it has none.
  [[nodiscard]] std::size_t find(slot channel, std::uint64_t sequence) const;
  [[nodiscard]] std::uint64_t head(slot where) const;
  [[nodiscard]] progress finished(slot where) const;
  /// The last frame whose handler had begun.
  [[nodiscard]] std::uint64_t begun(slot where) const;

  /// Says that the owner is about to sleep. What it looks at between this and sleeping is not missed: the store is ordered
  /// before every later load.
  void set_idle(bool idle);
  /// For the process's last moments.
  [[nodiscard]] platform::crash_trace& crash() const { return memory_->crash; }
  void set_waits_for(std::uint32_t actor) { memory_->waits_for.store(actor, std::memory_order_relaxed); }

 private:
  // Ahead by 0: in force; by 1: what the next commit puts in force.
  [[nodiscard]] std::size_t which(std::uint64_t ahead) const {
    return (memory_->commits.load(std::memory_order_relaxed) + ahead) % 2;
  }
  commit_entry& staged(slot where) { return copy(1, where); }
  [[nodiscard]] commit_entry& copy(std::uint64_t ahead, slot where) const {
    return memory_->channels[index_of(where)].copies[which(ahead)];
  }
  [[nodiscard]] std::atomic<std::uint64_t>& places(std::uint64_t ahead) const {
    return memory_->running_places[which(ahead)];
  }
  [[nodiscard]] checkpoint_mark& saved(std::uint64_t ahead) const {
    return memory_->checkpoints[which(ahead)];
  }
  static void write(checkpoint_mark& mark, checkpoint what) {
    mark.memory.store(what.memory, std::memory_order_relaxed);
    mark.size.store(what.size, std::memory_order_relaxed);
  }
  [[nodiscard]] static checkpoint read(const checkpoint_mark& mark) {
    return {mark.memory.load(std::memory_order_relaxed), mark.size.load(std::memory_order_relaxed)};
  }
  void touch(slot where);
  /// Where that message is noted or can be; `max_running` where there is no room.
  [[nodiscard]] std::size_t place_for(slot channel, std::uint64_t sequence) const;

  platform::mapping mapping_;
  page_memory* memory_;
  std::vector<slot> touched_;          // by the open turn; some perhaps twice
  bool is_checkpoint_staged_ = false;  // by the open turn
};

/// Another process's page, read-only.
class peer_page {
 public:
  /// Throws `malformed_message` where the memory is no page.
  explicit peer_page(const platform::descriptor& memory);
  /// Of memory that `page::create` made in this process: whatever its owner may have written to it since. Children by fork do
  /// not have it.
  [[nodiscard]] static peer_page of_own_making(const platform::descriptor& memory);

  /// Has what `head` will read of the channel on its way to this CPU: the count and the record at once, and not the one when
  /// the other has come.
  void fetch(slot where) const { platform::will_read(&memory_->channels[index_of(where)]); }

  [[nodiscard]] bool idle() const { return memory_->idle.load(std::memory_order_relaxed) != 0; }
  [[nodiscard]] std::uint64_t head(slot where) const;
  [[nodiscard]] progress finished(slot where) const;
  [[nodiscard]] const platform::crash_trace& crash() const { return memory_->crash; }
  [[nodiscard]] std::uint64_t handled() const { return memory_->handled.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint32_t waits_for() const { return memory_->waits_for.load(std::memory_order_relaxed); }
  /// Whether the handler of that message has begun: those of one channel begin in order.
  [[nodiscard]] bool has_begun(slot channel, std::uint64_t sequence) const;

  /// A message whose handler has begun and not ended.
  struct running_entry {
    slot channel{};
    std::uint64_t sequence = 0;
    std::uint32_t attempt = 0;
    std::int64_t since = 0;  ///< monotonic nanoseconds
  };
  /// What it is at; of a process that has died, what it was at.
  [[nodiscard]] std::vector<running_entry> running() const;

 private:
  explicit peer_page(platform::mapping mapped)
      : mapping_{std::move(mapped)}, memory_{reinterpret_cast<const page_memory*>(mapping_.bytes().data())} {}
  template <class Read>
  [[nodiscard]] auto read_in_force(slot where, Read read) const;
  platform::mapping mapping_;
  const page_memory* memory_;
};

// --- What each turn does, in place wherever it is called -----------------------------------------------------------------

inline void commit_entry::take_over(const commit_entry& from) {
  finished_sequence.store(from.finished_sequence.load(relaxed), relaxed);
  finished_position.store(from.finished_position.load(relaxed), relaxed);
  head.store(from.head.load(relaxed), relaxed);
}

inline void page::touch(slot where) {
  if (touched_.empty() || touched_.back() != where) touched_.push_back(where);
}

inline void page::stage_finished(slot where, progress done) {
  touch(where);
  auto& entry = staged(where);
  entry.finished_sequence.store(done.sequence, relaxed);
  entry.finished_position.store(done.position, relaxed);
}

inline void page::stage_head(slot where, std::uint64_t head) {
  touch(where);
  staged(where).head.store(head, relaxed);
}

inline void page::commit() {
  const auto count = memory_->commits.load(relaxed) + 1;
  const auto now = count % 2;
  const auto next = now ^ 1U;
  memory_->commits.store(count, std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_release);  // who sees what follows sees the count
  for (const slot where : touched_) {
    auto& copies = memory_->channels[index_of(where)].copies;
    copies[next].take_over(copies[now]);
  }
  memory_->running_places[next].store(memory_->running_places[now].load(relaxed), relaxed);
  if (std::exchange(is_checkpoint_staged_, false)) write(saved(1), last_checkpoint());
  touched_.clear();
}

inline void page::publish_head(slot where, std::uint64_t head) {
  copy(0, where).head.store(head, std::memory_order_release);
  copy(1, where).head.store(head, relaxed);
}

inline std::size_t page::begin(slot channel, std::uint64_t sequence, std::uint32_t attempt,
                               std::int64_t since) {
  if (switched_off("running_mark")) return max_running;
  const auto in_use = places(0).load(relaxed);
  const auto place = in_use == 0 ? 0 : place_for(channel, sequence);
  if (place == max_running) return place;
  auto& message = memory_->running[place];
  message.channel.store(static_cast<std::uint32_t>(channel), relaxed);
  message.attempt.store(attempt, relaxed);
  message.sequence.store(sequence, relaxed);
  message.since.store(since, std::memory_order_release);
  for (auto& each : memory_->running_places)
    each.store(in_use | std::uint64_t{1} << place, std::memory_order_release);
  memory_->begun[index_of(channel)].store(sequence, std::memory_order_release);
  return place;
}

inline void page::end(std::size_t place) {
  if (place < max_running) places(1).store(places(1).load(relaxed) & ~(std::uint64_t{1} << place), relaxed);
  memory_->handled.store(memory_->handled.load(relaxed) + 1, relaxed);
}

}  // namespace troupe::channel
