// Chunks on their way to workers, and what becomes of them.
#pragma once

#include <troupe/detail/pool_crew.hpp>
#include <troupe/detail/pool_feed.hpp>
#include <troupe/errors.hpp>
#include <troupe/wait.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
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
/// A chunk that a worker's death has ended is `actor_down` if it had begun; if not, it goes to another worker. Calls of
/// several threads know nothing of each other: each has lanes of its own to the same workers. Threads: one.
template <class Task, class Item>
class pool_flow {
 public:
  using results = chunk_results<kept_result<task_result<Task, Item>>>;
  struct settled {
    pool_chunk<Item> what;
    results made;
    std::exception_ptr problem{};  ///< set: nothing is known of any item, but that this came instead
    std::string worker{};          ///< whose failures there are, if any
  };
  struct bounds {
    std::size_t in_all = 0;    ///< chunks, at least 1
    std::size_t a_lane = 0;    ///< chunks, at least 1
    std::size_t at_first = 1;  ///< chunks a lane, until it is known how long one takes
    bool until_failure = false;
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

  /// To the worker with the least to do. Throws `start_failed` where no worker can be had, `system_stopped`.
  void send(pool_chunk<Item> chunk) {
    std::vector<bool> without_worker(lanes_.size());
    for (std::size_t tries = 1;; ++tries) {
      const auto place = least_busy(without_worker);
      try {
        return send_to(place, chunk);
      } catch (const start_failed&) {
        if (tries == lanes_.size()) throw;  // else others may still be there
        without_worker[place] = true;
      }
    }
  }

  /// As `take`, but nullopt where none has been settled.
  std::optional<settled> try_take() {
    for (std::size_t looked = 0; looked < lanes_.size();
         ++looked, current_ = (current_ + 1) % lanes_.size()) {
      if (!fronts_[current_].valid() || !fronts_[current_].ready()) continue;
      if (auto done = take_current()) return done;
    }
    return std::nullopt;
  }

  /// Waits for the next chunk to be settled; not where it is empty. Throws `system_stopped`, `stop_requested`.
  /// nullopt at the deadline.
  std::optional<settled> take(deadline until) {
    for (;;) {
      // Whose front was answered may well have more answers: they came together.
      if (!fronts_[current_].valid() || !fronts_[current_].ready()) {
        const auto next = wait_any(fronts_, patience_until(until));
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
        here.chunks.back().worker.kill();
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
    pool_chunk<Item> what;
    pool_actor worker;
  };
  struct lane {
    std::deque<sent_chunk> chunks;
    std::deque<future<results>> behind;  // of all chunks but the first, whose answer is in `fronts_`
    std::size_t depth;                   // chunks that it should have: by how long its last ones took
    [[nodiscard]] bool has_room() const { return chunks.size() < depth; }
  };
  static constexpr double long_chunk = 10e6;  // nanoseconds: then a round trip does not count
  static constexpr double in_hand = 200e3;    // nanoseconds of work, so that a worker need not wait for us

  static std::chrono::nanoseconds patience_until(deadline until) {
    return until == no_deadline ? std::chrono::nanoseconds::max() : until - std::chrono::steady_clock::now();
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

  void send_to(std::size_t place, pool_chunk<Item>& chunk) {
    auto& to = lanes_[place];
    pool_actor worker;
    auto answer = ask(place, chunk, worker);
    if (to.chunks.empty()) {
      fronts_[place] = std::move(answer);
    } else {
      to.behind.push_back(std::move(answer));
    }
    to.chunks.push_back({std::move(chunk), std::move(worker)});
    ++out_;
    crew_->prepare_successor(place);
  }

  /// The front of the current lane, which has been answered; nullopt where its worker died before it had begun with it.
  std::optional<settled> take_current() {
    auto done = finish(current_);
    if (!done.problem) {
      adapt(done, lanes_[current_]);
    } else if (pool_crew::has_not_begun(done.problem) &&
               ++done.what.sent_in_vain <= pool_crew::most_in_vain) {
      send(std::move(done.what));
      return std::nullopt;
    }
    return done;
  }

  future<results> ask(std::size_t place, const pool_chunk<Item>& chunk, pool_actor& worker) {
    for (int tries = 0;; ++tries) {
      const auto engaged = crew_->engage(place, chunk.items.size(), tries == 0 ? nullptr : &worker);
      worker = engaged->actor;
      try {
        return worker.template ask<&pool_worker::template run_chunk<Task, Item>>(chunk.items,
                                                                                 most_.until_failure);
      } catch (const actor_down&) {
        if (const auto why = crew_->unfit(worker)) std::rethrow_exception(why);
        if (tries == pool_crew::most_in_vain) throw;
      }
    }
  }

  settled finish(std::size_t place) {
    auto& from = lanes_[place];
    auto& front = fronts_[place];
    settled done{std::move(from.chunks.front().what), {}};
    const auto worker = std::move(from.chunks.front().worker);
    auto answer = std::exchange(front, {});
    from.chunks.pop_front();
    --out_;
    if (!from.behind.empty()) {
      front = std::move(from.behind.front());
      from.behind.pop_front();
    }
    try {
      done.made = answer.get();
      check(done, worker.name());
      if (!done.made.failures.empty()) done.worker = worker.name();
    } catch (const system_stopped&) {
      throw;
    } catch (const stop_requested&) {
      throw;
    } catch (...) {
      const auto why = crew_->unfit(worker);
      done.problem = why ? why : std::current_exception();
    }
    return done;
  }

  /// Results come from another process: their number is input.
  void check(const settled& done, const std::string& worker) const {
    const auto& made = done.made;
    const auto accounted = made.values.size() + made.failures.size();
    const bool broke_off = most_.until_failure && made.failures.size() == 1 &&
                           made.failures.front().place == made.values.size() &&
                           accounted <= done.what.items.size();
    if (accounted != done.what.items.size() && !broke_off)
      throw malformed_message{"worker " + worker + " answered with another number of results than items"};
    std::size_t before = 0;
    for (const auto& failure : made.failures) {
      if (failure.place < before || failure.place >= done.what.items.size())
        throw malformed_message{"worker " + worker + " named an item that it was not given"};
      before = failure.place + 1;
    }
  }

  void adapt(const settled& done, lane& which) {
    const auto took = std::max(static_cast<double>(done.made.nanoseconds), 1.0);
    chunk_time_ = chunk_time_ == 0 ? took : 0.75 * chunk_time_ + 0.25 * took;
    pace_ = chunk_time_ / static_cast<double>(done.what.items.size());
    const auto wanted = chunk_time_ >= long_chunk ? 1.0 : std::max(2.0, in_hand / chunk_time_);
    which.depth = static_cast<std::size_t>(std::min(wanted, static_cast<double>(most_.a_lane)));
  }

  std::shared_ptr<pool_crew> crew_;
  bounds most_;
  std::vector<lane> lanes_;
  std::vector<future<results>> fronts_;
  std::size_t current_ = 0;
  std::size_t out_ = 0;
  double chunk_time_ = 0;
  double pace_ = 0;
};

}  // namespace troupe::detail
