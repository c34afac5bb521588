// Chunks on their way to workers, and what becomes of them.
#pragma once

#include <troupe/detail/pool_crew.hpp>
#include <troupe/detail/pool_feed.hpp>
#include <troupe/detail/pool_job.hpp>
#include <troupe/errors.hpp>
#include <troupe/switched_off.hpp>
#include <troupe/wait.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::detail {

/// What one call of map or imap has at the workers. Each has a lane, in which chunks are run in the order sent:
///
///     lane 0   front: running, or answered     behind: waits at the worker, so that it need not wait for us
///     lane 1   front                           behind ...
///
/// A worker is given a second chunk only while chunks are short: behind a long one it would wait while others are idle.
///
/// Where no more is to come and a worker has nothing left to do, what others have not begun is recalled and shared out.
///
/// What a worker's death has left of a chunk (see `pool_job`) goes to another worker. Calls of several threads know nothing of
/// each other: each has lanes of its own to the same workers. Threads: one.
template <class Task, class Item>
class pool_flow {
 public:
  using job = pool_job<Task, Item>;
  using results = typename job::results;
  struct bounds {
    std::size_t in_all = 0;    ///< chunks, at least 1
    std::size_t a_lane = 0;    ///< chunks, at least 1
    std::size_t at_first = 1;  ///< chunks a lane, until it is known how long one takes
    bool until_failure = false;
    bool in_parts = false;  ///< whether a chunk may come back as several
    pool_rules rules{};
  };

  pool_flow(std::shared_ptr<pool_crew> crew, const bounds& most) : crew_{std::move(crew)}, most_{most} {
    for (std::size_t seat = 0; seat < crew_->size(); ++seat) {
      lanes_.push_back({{}, {}, std::min(most_.at_first, most_.a_lane)});
      fronts_.emplace_back();
    }
  }

  [[nodiscard]] bool has_room() const {
    return out_ < most_.in_all &&
           std::any_of(lanes_.begin(), lanes_.end(), [](const lane& each) { return each.has_room(); });
  }
  [[nodiscard]] bool is_empty() const { return out_ == 0; }
  /// Nanoseconds that an item took lately.
  [[nodiscard]] double pace() const { return pace_; }

  /// No more is sent, but what comes back.
  void ends() { ended_ = true; }

  /// To the worker with the least to do. Throws `start_failed` where no worker can be had, `system_stopped`.
  void send(pool_chunk<Item> chunk) { send(job{std::move(chunk), most_.until_failure}); }
  void send(job what) {
    std::vector<bool> without_worker(lanes_.size());
    for (std::size_t tries = 1;; ++tries) {
      const auto place = least_busy(without_worker);
      try {
        return send_to(place, what);
      } catch (const start_failed&) {
        if (tries == lanes_.size()) throw;  // else others may still be there
        without_worker[place] = true;
      }
    }
  }

  /// As `take`, but nullopt where none has been settled.
  std::optional<job> try_take() {
    for (std::size_t looked = 0; looked < lanes_.size();
         ++looked, current_ = (current_ + 1) % lanes_.size()) {
      if (!fronts_[current_].valid() || !fronts_[current_].ready()) continue;
      if (auto done = take_current()) return done;
    }
    return std::nullopt;
  }

  /// Waits for the next chunk to be settled; not where it is empty. Throws `system_stopped`, `stop_requested`.
  /// nullopt at the deadline.
  std::optional<job> take(deadline until) {
    for (;;) {
      even_out_when_due();
      // Whose front was answered may well have more answers: they came together.
      if (!fronts_[current_].valid() || !fronts_[current_].ready()) {
        const auto next = wait_for_front(until);
        if (!next) return std::nullopt;
        current_ = *next;
      }
      if (auto done = take_current()) return done;
    }
  }

  /// Gives up all that is at the workers: what has not begun never does, and what runs ends with its worker. One chunk is
  /// taken back exactly; where more wait behind it, any of them may begin meanwhile, so the worker ends whatever it runs.
  void abandon() {
    for (std::size_t place = 0; place < lanes_.size(); ++place) {
      auto& here = lanes_[place];
      if (!here.behind.empty()) {
        here.chunks.back().at.to->actor.kill();
      } else if (fronts_[place].valid()) {
        awaited{fronts_[place]}.abort();
      }
      fronts_[place] = {};
      here = {{}, {}, 1};
    }
    out_ = 0;
  }

 private:
  struct sent_chunk {
    job what;
    pool_sending at;
  };
  struct lane {
    std::deque<sent_chunk> chunks;
    std::deque<future<results>> behind;  // of all chunks but the first, whose answer is in `fronts_`
    std::size_t depth;                   // chunks that it should have: by how long its last ones took
    std::uint64_t settled = 0;           // ticket of the last chunk that is through; 0: none
    std::uint64_t recalled = 0;          // ticket up to which its chunks have been recalled
    [[nodiscard]] bool has_room() const { return chunks.size() < depth; }
  };
  static constexpr double long_chunk = 10e6;             // nanoseconds: then a round trip does not count
  static constexpr double long_chunk_elsewhere = 100e6;  // by way of two gateways, which wait for a core too
  static constexpr double in_hand = 200e3;  // nanoseconds of work, so that a worker need not wait for us
  // A worker, while others have items that have not begun.
  static constexpr std::chrono::milliseconds idle_at_most{1};

  static std::chrono::nanoseconds patience_until(deadline until) {
    return until == no_deadline ? std::chrono::nanoseconds::max() : until - std::chrono::steady_clock::now();
  }

  std::optional<std::size_t> wait_for_front(deadline until) {
    while (evens_out_at_ && *evens_out_at_ < until) {
      if (const auto next = wait_any(fronts_, patience_until(*evens_out_at_))) return next;
      even_out_when_due();
    }
    return wait_any(fronts_, patience_until(until));
  }

  /// Once a worker has been without work for so long; again after as long, until nothing is left to be recalled.
  void even_out_when_due() {
    if (!ended_ || idle_lanes() == 0) {
      evens_out_at_.reset();
      is_even_ = false;
      return;
    }
    if (is_even_) return;
    const auto now = std::chrono::steady_clock::now();
    if (!evens_out_at_) evens_out_at_ = now + idle_at_most;
    if (now < *evens_out_at_) return;
    is_even_ = !even_out();
    evens_out_at_ = is_even_ ? std::nullopt : std::optional{now + idle_at_most};
  }

  [[nodiscard]] std::size_t idle_lanes() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(lanes_, [](const lane& each) { return each.chunks.empty(); }));
  }

  /// Recalls what can be, and gives what surely does not begin there to others; of the rest the workers will tell. False
  /// where there is nothing.
  bool even_out() {
    if (switched_off("pool_recall")) return false;
    bool any = false;
    std::vector<job> taken;
    for (std::size_t place = 0; place < lanes_.size(); ++place) {
      if (!can_be_recalled(lanes_[place])) continue;
      any = true;
      take_back(place, taken);
    }
    for (auto& each : taken) share(std::move(each));
    return any;
  }
  [[nodiscard]] bool can_be_recalled(const lane& from) const {
    if (from.chunks.empty()) return false;
    const auto& last = from.chunks.back().at;
    if (!last.to->is_here() || from.recalled == last.order.ticket) return false;
    return from.chunks.size() > 1 || (most_.in_parts && from.chunks.front().what.can_be_split());
  }

  /// Those behind the one that has begun. Where it cannot be told which that is, as where the worker is at another thread's
  /// order, nothing is recalled now.
  void take_back(std::size_t place, std::vector<job>& taken) {
    auto& from = lanes_[place];
    const auto worker = from.chunks.back().at.to;
    auto begun = last_begun(worker->log);
    const auto is_begun = [&](const sent_chunk& each) {
      return each.at.to == worker && each.at.order.ticket == begun;
    };
    const auto is_ours = [&] { return begun == from.settled || std::ranges::any_of(from.chunks, is_begun); };
    if (!is_ours()) return;
    from.recalled = from.chunks.back().at.order.ticket;
    raise(*worker->recalled, from.recalled);
    begun = recall(worker->log, from.recalled);
    if (!is_ours()) return;
    while (!from.chunks.empty() && from.chunks.back().at.to == worker && !is_begun(from.chunks.back())) {
      taken.push_back(std::move(from.chunks.back().what));
      crew_->was_not_given(place, *worker, taken.back().items.size());
      from.chunks.pop_back();
      if (from.behind.empty()) {
        fronts_[place] = {};
      } else {
        from.behind.pop_back();
      }
      --out_;
    }
  }

  /// To the workers that have nothing to do, in equal parts.
  void share(job what) {
    for (auto idle = idle_lanes(); most_.in_parts && idle > 1 && what.can_be_split(); --idle)
      send(what.split_off(std::max<std::size_t>(what.items.size() / idle, 1)));
    send(std::move(what));
  }

  std::size_t least_busy(const std::vector<bool>& passed_over) const {
    std::size_t best = lanes_.size();
    const auto is_better = [](const lane& a, const lane& b) {
      return a.has_room() != b.has_room() ? a.has_room() : a.chunks.size() < b.chunks.size();
    };
    for (std::size_t place = 0; place < lanes_.size(); ++place) {
      if (!passed_over[place] && (best == lanes_.size() || is_better(lanes_[place], lanes_[best])))
        best = place;
    }
    return best;
  }

  void send_to(std::size_t place, job& what) {
    auto& to = lanes_[place];
    pool_sending sent;
    auto answer = ask(place, what, sent);
    if (to.chunks.empty()) {
      fronts_[place] = std::move(answer);
    } else {
      to.behind.push_back(std::move(answer));
    }
    to.chunks.push_back({std::move(what), std::move(sent)});
    ++out_;
    crew_->prepare_successor(place);
  }

  /// The front of the current lane, which has been answered; nullopt where some of it has gone to another worker.
  std::optional<job> take_current() {
    auto& here = lanes_[current_];
    auto [what, sent] = std::move(here.chunks.front());
    auto answer = next_front(current_);
    const auto before = what.done();
    try {
      auto made = answer.get();
      const auto took = static_cast<double>(made.nanoseconds);
      what.answered(std::move(made), sent.to->actor.name(), sent.is_recalled());
      adapt(took, what.done() - before, here, sent.to->is_here() ? long_chunk : long_chunk_elsewhere);
    } catch (const system_stopped&) {
      throw;
    } catch (const stop_requested&) {
      throw;
    } catch (const actor_down& down) {
      after_death(what, down, sent);
    } catch (...) {
      what.fail(std::current_exception());
    }
    if (what.is_over()) return std::move(what);
    if (sent.is_recalled()) crew_->was_not_given(current_, *sent.to, what.items.size());
    sent.is_recalled() ? share(std::move(what)) : send(std::move(what));
    return std::nullopt;
  }

  void after_death(job& what, const actor_down& down, const pool_sending& sent) const {
    if (const auto why = crew_->unfit(sent.to->actor)) return what.fail(why);
    if (down.fate() == call_fate::died_running) {
      what.died(down, sent, most_.rules);
      if (crew_->is_ended()) what.fail(std::current_exception());
    }
    if (!what.is_over() && !what.try_again(down)) what.fail(std::current_exception());
  }

  future<results> ask(std::size_t place, const job& what, pool_sending& sent) {
    for (int tries = 0;; ++tries) {
      const auto engaged = crew_->engage(place, what.items.size(), tries == 0 ? nullptr : &sent.to->actor);
      sent = crew_->order(*engaged, what.attempt(), what.until_failure(), most_.rules, most_.in_parts);
      try {
        return sent.to->actor.template ask<&pool_worker::template run_chunk<Task, Item>>(what.items,
                                                                                         sent.order);
      } catch (const actor_down& down) {
        if (const auto why = crew_->unfit(sent.to->actor)) std::rethrow_exception(why);
        if (!pool_crew::may_try_again(tries + 1, down)) throw;
      }
    }
  }

  future<results> next_front(std::size_t place) {
    auto& from = lanes_[place];
    auto answer = std::exchange(fronts_[place], {});
    from.settled = from.chunks.front().at.order.ticket;
    from.chunks.pop_front();
    --out_;
    if (!from.behind.empty()) {
      fronts_[place] = std::move(from.behind.front());
      from.behind.pop_front();
    }
    return answer;
  }

  void adapt(double nanoseconds, std::size_t items, lane& which, double is_long) {
    if (items == 0) return;
    const auto took = std::max(nanoseconds, 1.0);
    const auto each = took / static_cast<double>(items);
    chunk_time_ = chunk_time_ == 0 ? took : 0.75 * chunk_time_ + 0.25 * took;
    // A chunk that was slow because its worker had no core is forgotten sooner than one that was quick.
    const auto weight = pace_ == 0 ? 1.0 : each < pace_ ? 0.5 : 0.25;
    pace_ += weight * (each - pace_);
    const auto wanted = chunk_time_ >= is_long ? 1.0 : std::max(2.0, in_hand / chunk_time_);
    which.depth = static_cast<std::size_t>(std::min(wanted, static_cast<double>(most_.a_lane)));
  }

  std::shared_ptr<pool_crew> crew_;
  bounds most_;
  std::deque<lane> lanes_;  // which never move
  std::vector<future<results>> fronts_;
  std::size_t current_ = 0;
  std::size_t out_ = 0;
  bool ended_ = false;
  std::optional<deadline> evens_out_at_;  // where a worker has nothing to do
  bool is_even_ = false;                  // nothing was left to be recalled when it was looked for last
  double chunk_time_ = 0;
  double pace_ = 0;
};

}  // namespace troupe::detail
