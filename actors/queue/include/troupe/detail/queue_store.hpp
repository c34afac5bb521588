// What a queue's process knows that its next process has to know too.
//
// Each change is a step, and is written down behind those before it, in the actor's checkpoint: a step counts with the turn
// that takes it, as do the turn's message and its answers. The next process takes the same steps again. Where the steps are
// much longer than what has come of them, they are written anew, as those that lead there directly.
//
// Not written down is who waits: whoever asked hears that his answer has died, and asks again.
#pragma once

#include <troupe/detail/queue_messages.hpp>
#include <troupe/detail/queue_steps.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/packed.hpp>
#include <troupe/process.hpp>
#include <troupe/switched_off.hpp>
#include <troupe/this_actor.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::detail {

/// The items, and whose they are. Every member that changes something is one step. Not thread-safe.
template <class T>
class queue_store {
 public:
  /// What a reader was brought at once. An item that somebody died with comes alone.
  struct lease {
    std::vector<T> items;
    std::vector<exit_status> losses;
  };
  struct visitor {
    process where;  ///< none: the host
    std::uint32_t credits = 0;
    bool reads = false;
    bool writes = false;
    std::deque<lease> held;   ///< oldest first
    std::size_t done = 0;     ///< items of the oldest that the reader is done with
    std::size_t holds = 0;    ///< items that it is not done with
    std::uint64_t given = 0;  ///< items, since it last gave all back
  };

  explicit queue_store(const queue_rules& rules) : rules_{rules}, saves_{rules.survives} {}

  /// Begins where the last process was. False where that had items that cannot be kept: nothing of it can be had.
  [[nodiscard]] bool restore() {
    if (!saves_ || this_actor::incarnation() == 0) return true;
    const auto bytes = this_actor::restored_parts();
    unpacker from{bytes};
    is_restoring_ = true;
    while (from.has_more()) {
      if (!repeat(from.template next<step>(), from)) return false;
    }
    is_restoring_ = false;
    return true;  // not written anew before a turn, which puts all of that in force at once
  }

  [[nodiscard]] const std::unordered_map<queue_visitor, visitor>& visitors() const { return visitors_; }
  /// No step: what it is told here the next process has to be told again.
  [[nodiscard]] visitor& at(queue_visitor who) { return visitors_[who]; }
  [[nodiscard]] visitor* find(queue_visitor who) {
    const auto place = visitors_.find(who);
    return place == visitors_.end() ? nullptr : &place->second;
  }

  void introduce(queue_visitor who, const process& where) {
    visitors_[who].where = where;
    note({kind::introduced, who, 0}, where);
  }

  void put(queue_visitor who, T value) {
    count_put(who);
    const auto [size, shared] = extent_of(value);
    usual_size_ = usual_size_ == 0 ? size : (3 * usual_size_ + size) / 4;
    bytes_ += size;
    items_.push_back({std::move(value), size, shared, {}});
    if (shared != 0) spoil(shared);
    note({kind::put, who, 0}, items_.back().value);
  }
  /// As `put`, of an item that is not wanted.
  void refuse(queue_visitor who) {
    count_put(who);
    note({kind::refused, who, 0});
  }

  void grant(queue_visitor who, std::uint32_t credits) {
    auto& writer = visitors_[who];
    writer.writes = true;
    writer.credits += credits;
    credits_ += credits;
    if (credits != 0) note({kind::granted, who, credits});
  }
  void return_credits(queue_visitor who, std::uint32_t credits) {
    auto* const writer = find(who);
    if (writer == nullptr || credits == 0 || writer->credits == 0) return;
    return_some(*writer, credits);
    note({kind::returned, who, credits});
  }

  /// The next items, at most `most` and at least one where there is one, are now the reader's. Null: there is none.
  lease* give(queue_visitor who, std::size_t most) {
    if (most == 0 || items_.empty()) return nullptr;
    auto& reader = visitors_[who];
    reader.reads = true;
    auto& brought = reader.held.emplace_back();
    brought.losses = std::move(items_.front().losses);
    const auto count = how_many(brought.losses.empty() && rules_.max_attempts != 1 ? most : 1);
    brought.items.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      bytes_ -= items_.front().size;
      brought.items.push_back(std::move(items_.front().value));
      items_.pop_front();
    }
    held_ += count;
    reader.holds += count;
    reader.given += count;
    note({kind::gave, who, count});
    return &brought;
  }

  /// The reader is done with the next `done` of what it holds.
  void release(queue_visitor who, std::uint64_t done) {
    auto* const reader = find(who);
    const auto fewer = reader == nullptr ? 0 : std::min<std::uint64_t>(done, reader->holds);
    if (fewer == 0) return;
    reader->holds -= fewer;
    held_ -= fewer;
    reader->done += fewer;
    while (!reader->held.empty() && reader->done >= reader->held.front().items.size()) {
      reader->done -= reader->held.front().items.size();
      forget_shared(reader->held.front());
      reader->held.pop_front();
    }
    note({kind::released, who, fewer});
  }

  /// What the reader has not received of what it was given is at the front again.
  void take_back_behind(queue_visitor who, std::uint64_t received) {
    auto* const reader = find(who);
    if (reader == nullptr || reader->given <= received || switched_off("queue_received")) return;
    while (!reader->held.empty() && reader->given >= received + reader->held.back().items.size()) {
      reader->given -= reader->held.back().items.size();
      take_back(*reader, {});
    }
    reader->given = received;
    note({kind::behind, who, received});
  }

  void give_back(queue_visitor who) {
    auto* const reader = find(who);
    if (reader == nullptr) return;
    while (!reader->held.empty()) take_back(*reader, {});
    reader->given = 0;
    note({kind::gave_back, who, 0});
  }

  /// The visitor has gone. What it held is at the front again: where that was a death, as something that may be its cause.
  void leave(queue_visitor who, const queue_loss& loss) {
    auto* const leaving = find(who);
    if (leaving == nullptr) return;
    while (!leaving->held.empty() && !switched_off("lease_returned")) {
      const bool is_oldest = leaving->held.size() == 1;
      take_back(*leaving, loss.of_first_only && !is_oldest ? queue_loss{} : loss);
    }
    return_some(*leaving, leaving->credits);
    visitors_.erase(who);
    note({kind::left, who, 0}, loss);
  }

  void close(std::optional<exit_status> because_of) {
    closed_at_ = std::chrono::steady_clock::now();
    is_closed_ = true;
    writer_death_ = std::move(because_of);
    note({kind::closed, {}, static_cast<std::uint64_t>(closed_at_.time_since_epoch().count())},
         writer_death_);
  }
  /// Drops what waits, and from now on what comes back.
  void drop() {
    is_dropping_ = true;
    for (const auto& each : items_) shared_ -= std::min(shared_, each.shared);
    items_.clear();
    bytes_ = 0;
    note({kind::dropped, {}, 0});
  }
  /// Hands over the items that were died with too often.
  [[nodiscard]] std::vector<dead_item<T>> take_dead() {
    auto all = std::exchange(dead_, {});
    for (const auto& each : all) forget_shared(each.value);
    if (!all.empty()) note({kind::dead_taken, {}, 0});
    return all;
  }

  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  [[nodiscard]] std::size_t held() const { return held_; }
  [[nodiscard]] std::size_t credits() const { return credits_; }
  [[nodiscard]] std::uint64_t puts() const { return puts_; }
  [[nodiscard]] bool is_closed() const { return is_closed_; }
  [[nodiscard]] bool is_dropping() const { return is_dropping_; }
  [[nodiscard]] auto closed_at() const { return closed_at_; }
  [[nodiscard]] const std::optional<exit_status>& writer_death() const { return writer_death_; }

  /// In items, of both bounds.
  [[nodiscard]] std::size_t room_left() const {
    const auto taken = items_.size() + credits_;
    if (taken == 0) return rules_.capacity;
    if (taken >= rules_.capacity) return 0;
    if (usual_size_ == 0) return rules_.capacity - taken;
    const auto bytes = bytes_ + credits_ * usual_size_;
    const auto spare = bytes < rules_.capacity_bytes ? rules_.capacity_bytes - bytes : 0;
    return std::min<std::size_t>(rules_.capacity - taken, spare / usual_size_);
  }

 private:
  struct waiting_item {
    T value;
    std::size_t size;
    std::size_t shared;  ///< objects in shared memory
    std::vector<exit_status> losses;
  };
  using step = queue_step;
  using kind = step_kind;
  static constexpr std::size_t short_steps = std::size_t{512} << 10, long_steps = std::size_t{1} << 20;

  // Steps.

  template <class... Parts>
  void note(const step& what, const Parts&... parts) {
    if (!saves_ || is_restoring_ || shared_ != 0 || switched_off("queue_steps")) return;
    if (is_spoiled_ || written_ >= limit_) return write_anew();
    add(what, parts...);
  }
  template <class... Parts>
  void add(const step& what, const Parts&... parts) {
    written_ += this_actor::extend_checkpoint(what, parts...);
  }

  void write_anew() {
    if (!saves_) return;
    this_actor::checkpoint(step{});
    is_spoiled_ = false;
    written_ = 0;
    for (const auto& [who, each] : visitors_) write(who, each);
    for (const auto& each : dead_) {
      write(each.value, each.causes);
      add({kind::buried, {}, 0});
    }
    for (const auto& each : items_) write(each.value, each.losses);
    add({kind::put_count, {}, puts_});
    if (is_dropping_) add({kind::dropped, {}, 0});
    if (is_closed_)
      add({kind::closed, {}, static_cast<std::uint64_t>(closed_at_.time_since_epoch().count())},
          writer_death_);
    limit_ = written_ + std::clamp(3 * written_, short_steps, std::max(long_steps, written_));
  }
  void write(queue_visitor who, const visitor& each) {
    if (!(each.where == process{})) add({kind::introduced, who, 0}, each.where);
    if (each.writes) add({kind::granted, who, each.credits});
    for (const auto& brought : each.held) {
      for (const auto& item : brought.items) write(item, brought.losses);
      add({kind::gave, who, brought.items.size()});
    }
    if (each.done != 0) add({kind::released, who, each.done});
    add({kind::held, who, each.given});
  }
  void write(const T& item, const std::vector<exit_status>& losses) {
    add({kind::put, {}, 0}, item);
    for (const auto& loss : losses) add({kind::lost, {}, 0}, loss);
  }

  [[nodiscard]] bool repeat(const step& what, unpacker& from) {
    switch (what.what) {
      case kind::begun: break;
      case kind::introduced: introduce(what.who, from.next<process>()); break;
      case kind::granted: grant(what.who, static_cast<std::uint32_t>(what.number)); break;
      case kind::returned: return_credits(what.who, static_cast<std::uint32_t>(what.number)); break;
      case kind::put: put(what.who, from.next<T>()); break;
      case kind::refused: refuse(what.who); break;
      case kind::gave: (void)give(what.who, what.number); break;
      case kind::released: release(what.who, what.number); break;
      case kind::behind: take_back_behind(what.who, what.number); break;
      case kind::gave_back: give_back(what.who); break;
      case kind::left: leave(what.who, from.next<queue_loss>()); break;
      case kind::closed:
        close(from.next<std::optional<exit_status>>());
        closed_at_ = std::chrono::steady_clock::time_point{
            std::chrono::steady_clock::duration{static_cast<std::int64_t>(what.number)}};
        break;
      case kind::dropped: drop(); break;
      case kind::dead_taken: (void)take_dead(); break;
      case kind::spoiled: return false;
      case kind::lost: items_.back().losses.push_back(from.next<exit_status>()); break;
      case kind::buried: bury(); break;
      case kind::held: visitors_[what.who].given = what.number; break;
      case kind::put_count: puts_ = what.number; break;
    }
    return true;
  }
  void bury() {
    auto& last = items_.back();
    bytes_ -= last.size;
    dead_.push_back({std::move(last.value), std::move(last.losses)});
    items_.pop_back();
  }

  // What has shared memory is no bytes. As long as there is such an item nothing is written down.

  void spoil(std::size_t objects) {
    if (saves_ && !is_restoring_ && !std::exchange(is_spoiled_, true)) add({kind::spoiled, {}, 0});
    shared_ += objects;
  }
  void forget_shared(const lease& gone) {
    if (shared_ == 0) return;
    for (const auto& item : gone.items) forget_shared(item);
  }
  void forget_shared(const T& gone) {
    if (shared_ != 0) shared_ -= std::min(shared_, extent_of(gone).shared_objects);
  }

  // Items.

  void count_put(queue_visitor who) {
    ++puts_;
    if (auto* const writer = find(who)) return_some(*writer, 1);
  }
  void return_some(visitor& writer, std::uint32_t count) {
    count = std::min(count, writer.credits);
    writer.credits -= count;
    credits_ -= count;
  }

  /// How many of the next items one message takes, with their shared memory, and without those that go alone.
  [[nodiscard]] std::size_t how_many(std::size_t most) const {
    most = std::min(most, items_.size());
    auto shared = items_.front().shared;
    std::size_t count = 1;
    for (; count < most; ++count) {
      const auto& next = items_[count];
      shared += next.shared;
      if (shared > max_shared_objects || !next.losses.empty()) break;
    }
    return count;
  }

  /// Puts the newest lease in front of the queue, except for what the reader is done with.
  void take_back(visitor& reader, const queue_loss& loss) {
    auto newest = std::move(reader.held.back());
    reader.held.pop_back();
    const auto first = reader.held.empty() ? std::exchange(reader.done, 0) : 0;
    reader.holds -= newest.items.size() - first;
    held_ -= newest.items.size() - first;
    for (auto i = newest.items.size(); i > first; --i) {
      auto losses = newest.losses;
      if (loss.cause && (i == first + 1 || !loss.of_first_only)) losses.push_back(*loss.cause);
      bring_back(std::move(newest.items[i - 1]), std::move(losses));
    }
    for (std::size_t i = 0; i < first; ++i) forget_shared(newest.items[i]);
  }
  void bring_back(T&& item, std::vector<exit_status>&& losses) {
    if (is_dropping_) return forget_shared(item);
    if (rules_.max_attempts != 0 && losses.size() >= rules_.max_attempts && !switched_off("queue_attempts")) {
      dead_.push_back({std::move(item), std::move(losses)});
      return;
    }
    const auto [size, shared] = extent_of(item);
    bytes_ += size;
    items_.push_front({std::move(item), size, shared, std::move(losses)});
  }

  queue_rules rules_;
  bool saves_;
  bool is_restoring_ = false;
  bool is_spoiled_ = false;
  std::size_t shared_ = 0;   ///< objects in shared memory, of all items here
  std::size_t written_ = 0;  ///< bytes of steps
  std::size_t limit_ = 0;    ///< of these, before they are written anew

  std::deque<waiting_item> items_;
  std::vector<dead_item<T>> dead_;
  std::size_t bytes_ = 0;       ///< of the items, packed
  std::size_t usual_size_ = 0;  ///< of an item; 0: none has come yet
  std::uint64_t puts_ = 0;
  std::size_t credits_ = 0;  ///< outstanding, of all visitors
  std::size_t held_ = 0;     ///< items that readers are not done with
  bool is_closed_ = false;
  bool is_dropping_ = false;
  std::optional<exit_status> writer_death_;
  std::chrono::steady_clock::time_point closed_at_{};
  std::unordered_map<queue_visitor, visitor> visitors_;
};

}  // namespace troupe::detail
