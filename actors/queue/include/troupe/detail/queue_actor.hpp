// The queue's own process, and what it and the handles say to each other.
//
//   writer                         queue_actor                          reader
//     ── room(wanted) ─────────────▶  full: the answer waits
//     ◀───────────── grant: credits
//     ── put(item) ────────────────▶  one credit less
//                                     empty: the answer waits  ◀────────── take(wanted, done)
//                                     the batch is `held`  batch ─────────▶
//
// 1. items waiting + credits outstanding <= capacity, but for what a reader gave back. The same holds of their bytes, as far
//    as an item's size can be told from those before it; an item of any size passes alone.
// 2. Grants of more than one credit leave half of the capacity to others: who hoards credits starves nobody.
// 3. A batch stays here, as its reader's, until the reader says that it is done with its items. What a reader has not done
//    when it leaves or dies goes back to the front.
// 4. The end is told when the queue is closed and empty, no credit is outstanding, and no reader has something that it may
//    give back: a put may be under way in one channel while `close` arrives by another. Who sits on credits or items is not
//    waited for longer than `end_patience` after the close: credits may be used for `credit_lifetime` only, and items are
//    the reader's own affair.
// 5. `idle` is answered when nothing waits and no reader has anything that it is not done with.
#pragma once

#include <troupe/actor.hpp>
#include <troupe/detail/queue_messages.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/packed.hpp>
#include <troupe/promise.hpp>
#include <troupe/switched_off.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::detail {

/// The queue. Its members are the messages; `who` is the sender. `Lane` tells those apart that one actor has as its bases.
template <class T, int Lane = 0>
class queue_actor {
 public:
  queue_actor(std::size_t capacity, std::size_t capacity_bytes, std::size_t at_once,
              bool ends_with_a_writer = false)
      : capacity_{capacity},
        capacity_bytes_{capacity_bytes},
        at_once_{at_once},
        ends_with_a_writer_{ends_with_a_writer} {}

  /// A visitor inside an actor says first which process it is in. Its end is that of the visitor.
  void arrive(queue_visitor who, const process& where) {
    introduce(who, where);
    where.on_down([this, who](const exit_status& status) {
      const auto gone = visitors_.find(who);
      if (gone == visitors_.end()) return;
      if (ends_with_a_writer_ && gone->second.writes && !status.ok() && !closed_) {
        writer_death_ = status;
        close(who, 0);
      }
      leave(who, 0);
    });
  }

  /// Asks for room for `wanted` items, and gives `unused` credits back. `ticket` tells the asker's requests apart.
  promise<queue_grant> room(queue_visitor who, std::uint32_t ticket, std::uint32_t wanted,
                            std::uint32_t unused, bool waits) {
    auto& writer = visitors_[who];
    writer.writes = true;
    return_credits(writer, unused);
    promise<queue_grant> answer;
    writers_.push_back({who, ticket, wanted, answer});
    serve();
    if (!waits) forget_writer(who, ticket);
    return answer;
  }

  /// The asker gives up: answers it, with no credits if it had none yet.
  void forget_writer(queue_visitor who, std::uint32_t ticket) {
    std::erase_if(writers_, [&](const waiting_writer& waiting) {
      if (waiting.who != who || waiting.ticket != ticket) return false;
      waiting.answer.set_value(queue_grant{});
      return true;
    });
  }

  void put(queue_visitor who, T item) {
    count_put(who);
    if (dropping_) return tell_idle();
    const auto [size, shared] = extent_of(item);
    usual_size_ = usual_size_ == 0 ? size : (3 * usual_size_ + size) / 4;
    bytes_ += size;
    items_.push_back({std::move(item), size, shared});
    serve();
  }

  /// Asks for up to `wanted` items, and says that it is done with the next `done` of those that it holds.
  promise<queue_batch<T>> take(queue_visitor who, std::uint32_t wanted, std::uint64_t done, queue_wait wait) {
    auto& reader = visitors_[who];
    release(reader, done);
    readers_seen_ += reader.reads ? 0 : 1;
    reader.reads = true;
    promise<queue_batch<T>> answer;
    if (wait == queue_wait::never) {
      give(reader, answer, std::min(wanted, fair_share()));
    } else {
      readers_.push_back({who, wanted, wait, answer});
    }
    serve();
    return answer;
  }

  /// Answered once a `take` would be, or at once.
  promise<void> readable(queue_visitor who, bool now) {
    promise<void> answer;
    lookers_.push_back({who, answer});
    tell_lookers(now);
    return answer;
  }

  /// The reader gives up: its request is answered, with nothing if there was nothing yet.
  void forget_reader(queue_visitor who) {
    std::erase_if(readers_, [&](const waiting_reader& waiting) {
      if (waiting.who != who) return false;
      waiting.answer.set_value(queue_batch<T>{{}, phase()});
      return true;
    });
  }

  /// No more items. The closer's own unused credits come back with it.
  void close(queue_visitor who, std::uint32_t unused) {
    const auto closer = visitors_.find(who);
    if (closer != visitors_.end()) return_credits(closer->second, unused);
    if (!std::exchange(closed_, true)) closed_at_ = std::chrono::steady_clock::now();
    serve();
  }

  /// As `close`, and drops what is waiting, what is still put, and what comes back. How many were waiting.
  std::uint64_t close_now(queue_visitor who, std::uint32_t unused) {
    const auto dropped = items_.size();
    dropping_ = true;
    items_.clear();
    bytes_ = 0;
    close(who, unused);
    return dropped;
  }

  /// The reader is done with `done` more of what it holds, and keeps the rest.
  void done(queue_visitor who, std::uint64_t done) {
    const auto reader = visitors_.find(who);
    if (reader == visitors_.end()) return;
    release(reader->second, done);
    serve();
  }

  /// Answered once everything is done: with the number of puts so far.
  promise<std::uint64_t> idle() {
    promise<std::uint64_t> answer;
    idlers_.push_back(answer);
    tell_idle();
    return answer;
  }

  /// The reader is done with `done` more of what it holds; the rest goes back to the front.
  void give_back(queue_visitor who, std::uint64_t done) {
    const auto reader = visitors_.find(who);
    if (reader == visitors_.end()) return;
    release(reader->second, done);
    while (!reader->second.held.empty()) take_back(reader->second);
    serve();
  }

  /// The visitor's end: as `give_back`, and nothing of it stays.
  void leave(queue_visitor who, std::uint64_t done) {
    const auto found = visitors_.find(who);
    if (found == visitors_.end()) return;
    auto& leaving = found->second;
    release(leaving, done);
    while (!leaving.held.empty() && !switched_off("lease_returned")) take_back(leaving);
    return_credits(leaving, leaving.credits);
    readers_seen_ -= leaving.reads ? 1 : 0;
    std::erase_if(readers_, [&](const waiting_reader& waiting) { return waiting.who == who; });
    std::erase_if(writers_, [&](const waiting_writer& waiting) { return waiting.who == who; });
    std::erase_if(lookers_, [&](const waiting_looker& waiting) { return waiting.who == who; });
    visitors_.erase(found);
    serve();
  }

  /// How the writer ended whose death closed the queue; none: it is open, or was closed in good order.
  [[nodiscard]] std::optional<exit_status> writer_death() const { return writer_death_; }
  [[nodiscard]] std::uint64_t size() const { return items_.size(); }
  [[nodiscard]] bool full() const { return !closed_ && room_left() == 0; }

  /// Who may end the wait of those who wait here, for the framework's search for deadlocks: readers, or writers.
  [[nodiscard]] std::vector<process> relies_on() const {
    std::vector<process> others;
    if (closed_ || !(writers_wait() || readers_wait())) return others;
    for (const auto& [who, other] : visitors_) {
      if (writers_.empty() ? other.writes : other.reads) others.push_back(other.where);
    }
    return others;
  }

 protected:
  /// In place of `put`, for an item that is not wanted.
  void refuse(queue_visitor who) {
    count_put(who);
    serve();
  }
  [[nodiscard]] bool knows(queue_visitor who) const { return visitors_.contains(who); }
  [[nodiscard]] bool has_nothing() const { return items_.empty() && held_ == 0; }
  void introduce(queue_visitor who, const process& where) { visitors_[who].where = where; }
  [[nodiscard]] bool writers_wait() const { return !writers_.empty(); }
  [[nodiscard]] bool readers_wait() const { return !readers_.empty() || !lookers_.empty(); }

 private:
  struct visitor {
    process where;  ///< none: the host
    std::uint32_t credits = 0;
    bool reads = false;
    bool writes = false;
    std::deque<std::vector<T>> held;  ///< oldest first
    std::size_t done = 0;             ///< items of the oldest that the reader is done with
    std::size_t holds = 0;            ///< items that it is not done with
  };
  struct waiting_item {
    T value;
    std::size_t size;
    std::size_t shared;  ///< objects in shared memory
  };
  struct waiting_writer {
    queue_visitor who;
    std::uint32_t ticket;
    std::uint32_t wanted;
    promise<queue_grant> answer;
  };
  struct waiting_reader {
    queue_visitor who;
    std::uint32_t wanted;
    queue_wait wait;
    promise<queue_batch<T>> answer;
  };
  struct waiting_looker {
    queue_visitor who;
    promise<void> answer;
  };

  void count_put(queue_visitor who) {
    const auto writer = visitors_.find(who);
    if (writer != visitors_.end()) return_credits(writer->second, 1);
    ++puts_;
  }

  /// Answers whoever can be answered now. Readers first: what they take makes room.
  void serve() {
    while (!readers_.empty() && !items_.empty()) {
      const auto first = std::move(readers_.front());
      readers_.pop_front();
      give(visitors_[first.who], first.answer, std::min(first.wanted, std::max(fair_share(), 1U)));
    }
    if (closed_ && !readers_.empty()) tell_end();
    tell_lookers(false);
    while (!writers_.empty() && (closed_ || room_left() > 0)) grant();
    tell_idle();
  }

  void tell_lookers(bool now) {
    if (!now && items_.empty() && !closed_) return;
    for (const auto& each : std::exchange(lookers_, {})) each.answer.set_value();
  }

  void tell_idle() {
    if (idlers_.empty() || !items_.empty() || held_ != 0) return;
    for (const auto& answer : std::exchange(idlers_, {})) answer.set_value(puts_);
  }

  /// For each of the readers that are there, two batches from what is queued: the slow ones leave enough to the quick.
  [[nodiscard]] std::uint32_t fair_share() const {
    return static_cast<std::uint32_t>(items_.size() / (2 * std::max<std::size_t>(readers_seen_, 1)));
  }

  void give(visitor& reader, const promise<queue_batch<T>>& answer, std::size_t count) {
    queue_batch<T> batch{{}, phase()};
    count = std::min(count, at_once_);
    batch.items.reserve(count);
    std::size_t shared = 0;
    for (; count > 0 && !items_.empty(); --count) {
      shared += items_.front().shared;
      if (shared > max_shared_objects && !batch.items.empty()) break;
      bytes_ -= items_.front().size;
      batch.items.push_back(std::move(items_.front().value));
      items_.pop_front();
    }
    answer.set_value(batch);
    held_ += batch.items.size();
    reader.holds += batch.items.size();
    if (!batch.items.empty()) reader.held.push_back(std::move(batch.items));
  }

  void release(visitor& reader, std::uint64_t done) {
    const auto fewer = std::min<std::uint64_t>(done, reader.holds);
    reader.holds -= fewer;
    held_ -= fewer;
    reader.done += fewer;
    while (!reader.held.empty() && reader.done >= reader.held.front().size()) {
      reader.done -= reader.held.front().size();
      reader.held.pop_front();
    }
  }

  /// Puts the newest batch in front of the queue, except for what the reader is done with.
  void take_back(visitor& reader) {
    auto& newest = reader.held.back();
    const auto first = reader.held.size() == 1 ? std::exchange(reader.done, 0) : 0;
    const auto count = newest.size() - first;
    for (auto i = newest.size(); i > first && !dropping_; --i) {
      auto& item = newest[i - 1];
      const auto [size, shared] = extent_of(item);
      bytes_ += size;
      items_.push_front({std::move(item), size, shared});
    }
    reader.holds -= count;
    held_ -= count;
    reader.held.pop_back();
  }

  [[nodiscard]] queue_phase phase() const {
    if (!closed_ || !items_.empty()) return queue_phase::open;
    const bool is_late = std::chrono::steady_clock::now() - closed_at_ >= end_patience;
    return is_late || (credits_ == 0 && held_ == 0) ? queue_phase::ended : queue_phase::closing;
  }

  void tell_end() {
    const auto now = phase();
    if (now == queue_phase::open) return;
    std::erase_if(readers_, [&](const waiting_reader& waiting) {
      if (now == queue_phase::closing && waiting.wait == queue_wait::until_ended) return false;
      waiting.answer.set_value(queue_batch<T>{{}, now});
      return true;
    });
  }

  /// In items, of both bounds.
  [[nodiscard]] std::size_t room_left() const {
    const auto taken = items_.size() + credits_;
    if (taken == 0) return capacity_;
    if (taken >= capacity_) return 0;
    if (usual_size_ == 0) return capacity_ - taken;
    const auto bytes = bytes_ + credits_ * usual_size_;
    const auto spare = bytes < capacity_bytes_ ? capacity_bytes_ - bytes : 0;
    return std::min(capacity_ - taken, spare / usual_size_);
  }

  /// Answers the first of the waiting writers, for whom there is room.
  void grant() {
    const auto first = std::move(writers_.front());
    writers_.pop_front();
    queue_grant granted{0, closed_};
    if (!closed_) {
      const auto spare = capacity_ / 2 > credits_ ? capacity_ / 2 - credits_ : 0;
      const auto share = room_left() / (writers_.size() + 1);
      granted.credits = static_cast<std::uint32_t>(
          std::max<std::size_t>(1, std::min({std::size_t{first.wanted}, spare, share})));
      visitors_[first.who].credits += granted.credits;
      credits_ += granted.credits;
    }
    first.answer.set_value(granted);
  }

  void return_credits(visitor& writer, std::uint32_t count) {
    count = std::min(count, writer.credits);
    writer.credits -= count;
    credits_ -= count;
  }

  std::size_t capacity_;
  std::size_t capacity_bytes_;
  std::size_t at_once_;  ///< of a batch
  std::deque<waiting_item> items_;
  std::size_t bytes_ = 0;       ///< of the items, packed
  std::size_t usual_size_ = 0;  ///< of an item; 0: none has come yet
  std::uint64_t puts_ = 0;
  std::size_t credits_ = 0;  ///< outstanding, of all visitors
  std::size_t held_ = 0;     ///< items in batches that readers are not done with
  bool closed_ = false;
  bool dropping_ = false;
  bool ends_with_a_writer_;
  std::optional<exit_status> writer_death_;
  std::chrono::steady_clock::time_point closed_at_{};

  std::unordered_map<queue_visitor, visitor> visitors_;
  std::size_t readers_seen_ = 0;
  std::deque<waiting_writer> writers_;
  std::deque<waiting_reader> readers_;
  std::vector<waiting_looker> lookers_;
  std::vector<promise<std::uint64_t>> idlers_;
};

}  // namespace troupe::detail
