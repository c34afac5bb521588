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
#include <troupe/detail/queue_store.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/promise.hpp>
#include <troupe/switched_off.hpp>
#include <troupe/this_actor.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace troupe::detail {

/// The queue. Its members are the messages; `who` is the sender. `Lane` tells those apart that one actor has as its bases.
template <class T, int Lane = 0>
class queue_actor {
 public:
  explicit queue_actor(const queue_rules& rules) : rules_{rules}, store_{rules} {
    if (!store_.restore()) {
      this_actor::stop();
      return;
    }
    for (const auto& [who, each] : store_.visitors()) {
      readers_seen_ += each.reads ? 1 : 0;
      if (!(each.where == process{})) watch(who, each.where);
    }
  }

  /// A visitor inside an actor says first which process it is in. Its end is that of the visitor.
  void arrive(queue_visitor who, const process& where) {
    introduce(who, where);
    watch(who, where);
  }

  /// Asks for room for `wanted` items, and gives `unused` credits back. `ticket` tells the asker's requests apart.
  promise<queue_grant> room(queue_visitor who, std::uint32_t ticket, std::uint32_t wanted,
                            std::uint32_t unused, bool waits) {
    store_.at(who).writes = true;
    store_.return_credits(who, unused);
    promise<queue_grant> answer;
    writers_.push_back({who, ticket, wanted, answer});
    serve();
    if (!writers_.empty()) writers_.back().waited = true;
    if (!waits) forget_writer(who, ticket);
    return answer;
  }

  /// The asker gives up: answers it, with no credits if it had none yet.
  void forget_writer(queue_visitor who, std::uint32_t ticket) {
    std::erase_if(writers_, [&](const waiting_writer& waiting) {
      if (waiting.who != who || waiting.ticket != ticket) return false;
      waiting.answer.set_value(queue_grant{.waited = true});
      return true;
    });
  }

  void put(queue_visitor who, T item) {
    if (store_.is_dropping()) {
      store_.refuse(who);
      return tell_idle();
    }
    store_.put(who, std::move(item));
    serve();
  }

  /// Asks for up to `wanted` items, and says that it is done with the next `done` of those that it holds, and how many it
  /// has `received` since it gave all back: an answer may have died with the queue's last process.
  promise<queue_batch<T>> take(queue_visitor who, std::uint32_t wanted, std::uint64_t done,
                               std::uint64_t received, queue_wait wait) {
    store_.release(who, done);
    store_.take_back_behind(who, received);
    auto& reader = store_.at(who);
    readers_seen_ += std::exchange(reader.reads, true) ? 0 : 1;

    promise<queue_batch<T>> answer;
    if (wait == queue_wait::never) {
      give(who, answer, std::min(wanted, fair_share()), false);
    } else {
      readers_.push_back({who, wanted, wait, answer});
    }
    serve();
    if (!readers_.empty()) readers_.back().waited = true;
    return answer;
  }

  /// Answered once a `take` would be, or at once: also where more is on its way to the asker than it has `received`.
  promise<void> readable(queue_visitor who, bool now, std::uint64_t received) {
    promise<void> answer;
    lookers_.push_back({who, answer});
    const auto* const reader = store_.find(who);
    tell_lookers(now || (reader != nullptr && reader->given > received));
    return answer;
  }

  /// The reader gives up: its request is answered, with nothing if there was nothing yet.
  void forget_reader(queue_visitor who) {
    std::erase_if(readers_, [&](const waiting_reader& waiting) {
      if (waiting.who != who) return false;
      waiting.answer.set_value(queue_batch<T>{.phase = phase(), .waited = true});
      return true;
    });
  }

  /// No more items. The closer's own unused credits come back with it.
  void close(queue_visitor who, std::uint32_t unused) {
    store_.return_credits(who, unused);
    if (!store_.is_closed()) store_.close(std::nullopt);
    serve();
  }

  /// As `close`, and drops what is waiting, what is still put, and what comes back. How many were waiting.
  std::uint64_t close_now(queue_visitor who, std::uint32_t unused) {
    const auto dropped = store_.size();
    store_.drop();
    close(who, unused);
    return dropped;
  }

  /// The reader is done with `done` more of what it holds, and keeps the rest.
  void done(queue_visitor who, std::uint64_t done) {
    store_.release(who, done);
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
    store_.release(who, done);
    store_.give_back(who);
    serve();
  }

  /// The visitor's end: as `give_back`, and nothing of it stays.
  void leave(queue_visitor who, std::uint64_t done) { remove(who, done, {}); }
  /// As `leave`, by an exception that is passing.
  void unwind(queue_visitor who, std::uint64_t done) {
    end_with(who, passing_exception());
    remove(who, done, {});
  }
  /// As `unwind`, with an item in use.
  void abandon(queue_visitor who, std::uint64_t done) {
    const auto cause = passing_exception();
    end_with(who, cause);
    remove(who, done, {cause, true});
  }

  /// Hands over the items that consumers have died with as often as `max_attempts` says.
  [[nodiscard]] std::vector<dead_item<T>> take_dead() { return store_.take_dead(); }

  /// How the writer ended whose death closed the queue; none: it is open, or was closed in good order.
  [[nodiscard]] std::optional<exit_status> writer_death() const { return store_.writer_death(); }
  [[nodiscard]] std::uint64_t size() const { return store_.size(); }
  [[nodiscard]] bool full() const { return !store_.is_closed() && store_.room_left() == 0; }

  /// Who may end the wait of those who wait here, for the framework's search for deadlocks: readers, or writers.
  [[nodiscard]] std::vector<process> relies_on() const {
    std::vector<process> others;
    if (store_.is_closed() || !(writers_wait() || readers_wait())) return others;
    for (const auto& [who, other] : store_.visitors()) {
      if (writers_.empty() ? other.writes : other.reads) others.push_back(other.where);
    }
    return others;
  }

 protected:
  /// In place of `put`, for an item that is not wanted.
  void refuse(queue_visitor who) {
    store_.refuse(who);
    serve();
  }
  [[nodiscard]] bool knows(queue_visitor who) { return store_.find(who) != nullptr; }
  [[nodiscard]] bool has_nothing() const { return store_.empty() && store_.held() == 0; }
  void introduce(queue_visitor who, const process& where) { store_.introduce(who, where); }
  [[nodiscard]] bool writers_wait() const { return !writers_.empty(); }
  [[nodiscard]] bool readers_wait() const { return !readers_.empty() || !lookers_.empty(); }

 private:
  struct waiting_writer {
    queue_visitor who;
    std::uint32_t ticket;
    std::uint32_t wanted;
    promise<queue_grant> answer;
    bool waited = false;
  };
  struct waiting_reader {
    queue_visitor who;
    std::uint32_t wanted;
    queue_wait wait;
    promise<queue_batch<T>> answer;
    bool waited = false;
  };
  struct waiting_looker {
    queue_visitor who;
    promise<void> answer;
  };

  void watch(queue_visitor who, const process& where) {
    where.on_down([this, who](const exit_status& status) {
      end_with(who, status);
      remove(who, 0, {status.ok() ? std::nullopt : std::optional{status}});
    });
  }

  [[nodiscard]] static exit_status passing_exception() {
    exit_status cause;
    cause.kind = exit_kind::exception;
    cause.exception_text = "an exception left the scope that had the queue's handle";
    return cause;
  }

  /// Where it is a writer, and the queue one that ends with such an end.
  void end_with(queue_visitor who, const exit_status& status) {
    const auto* const gone = store_.find(who);
    if (rules_.ends_with_a_writer && gone != nullptr && gone->writes && !status.ok() && !store_.is_closed())
      store_.close(status);
  }

  void remove(queue_visitor who, std::uint64_t done, const queue_loss& loss) {
    const auto* const leaving = store_.find(who);
    if (leaving == nullptr) return;
    readers_seen_ -= leaving->reads ? 1 : 0;
    store_.release(who, switched_off("lease_returned") ? leaving->holds : done);
    store_.leave(who, loss);
    const auto is_its = [who](const auto& waiting) { return waiting.who == who; };
    std::erase_if(readers_, is_its);
    std::erase_if(writers_, is_its);
    std::erase_if(lookers_, is_its);
    serve();
  }

  /// Answers whoever can be answered now. Readers first: what they take makes room.
  void serve() {
    while (!readers_.empty() && !store_.empty()) {
      const auto first = std::move(readers_.front());
      readers_.pop_front();
      give(first.who, first.answer, std::min(first.wanted, std::max(fair_share(), 1U)), first.waited);
    }
    if (store_.is_closed() && !readers_.empty()) tell_end();
    tell_lookers(false);
    while (!writers_.empty() && (store_.is_closed() || store_.room_left() > 0)) grant();
    tell_idle();
  }

  void tell_lookers(bool now) {
    if (!now && store_.empty() && !store_.is_closed()) return;
    for (const auto& each : std::exchange(lookers_, {})) each.answer.set_value();
  }

  void tell_idle() {
    if (idlers_.empty() || !has_nothing()) return;
    for (const auto& answer : std::exchange(idlers_, {})) answer.set_value(store_.puts());
  }

  /// Of what is queued, as much for each of the readers that are there. The slow ones leave the rest to the quick: they ask for
  /// what they do in a moment.
  [[nodiscard]] std::uint32_t fair_share() const {
    return static_cast<std::uint32_t>(store_.size() / std::max<std::size_t>(readers_seen_, 1));
  }

  void give(queue_visitor reader, const promise<queue_batch<T>>& answer, std::size_t count, bool waited) {
    const auto before = phase();
    auto* const brought = store_.give(reader, std::min<std::size_t>(count, rules_.at_once));
    if (brought == nullptr) return answer.set_value(queue_batch<T>{.phase = before, .waited = waited});
    // Lent to the batch while it is encoded: they stay here, as the reader's.
    queue_batch<T> batch{std::move(brought->items), before,
                         static_cast<std::uint32_t>(brought->losses.size() + 1), waited};
    answer.set_value(batch);
    brought->items = std::move(batch.items);
  }

  [[nodiscard]] queue_phase phase() const {
    if (!store_.is_closed() || !store_.empty()) return queue_phase::open;
    const bool is_late = std::chrono::steady_clock::now() - store_.closed_at() >= end_patience;
    return is_late || (store_.credits() == 0 && store_.held() == 0) ? queue_phase::ended
                                                                    : queue_phase::closing;
  }

  void tell_end() {
    const auto now = phase();
    if (now == queue_phase::open) return;
    std::erase_if(readers_, [&](const waiting_reader& waiting) {
      if (now == queue_phase::closing && waiting.wait == queue_wait::until_ended) return false;
      waiting.answer.set_value(queue_batch<T>{.phase = now, .waited = waiting.waited});
      return true;
    });
  }

  /// Answers the first of the waiting writers, for whom there is room.
  void grant() {
    const auto first = std::move(writers_.front());
    writers_.pop_front();
    queue_grant granted{.closed = store_.is_closed(), .waited = first.waited};
    if (!granted.closed) {
      const std::size_t half = rules_.capacity / 2;
      const auto spare = half > store_.credits() ? half - store_.credits() : 0;
      const auto share = store_.room_left() / (writers_.size() + 1);
      granted.credits = static_cast<std::uint32_t>(
          std::max<std::size_t>(1, std::min({std::size_t{first.wanted}, spare, share})));
      store_.grant(first.who, granted.credits);
    }
    first.answer.set_value(granted);
  }

  queue_rules rules_;
  queue_store<T> store_;
  std::size_t readers_seen_ = 0;
  std::deque<waiting_writer> writers_;
  std::deque<waiting_reader> readers_;
  std::vector<waiting_looker> lookers_;
  std::vector<promise<std::uint64_t>> idlers_;
};

}  // namespace troupe::detail
