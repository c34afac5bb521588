// The getting side of a queue's handle.
#pragma once

#include <troupe/actor.hpp>
#include <troupe/detail/queue_actor.hpp>
#include <troupe/errors.hpp>
#include <troupe/future.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::detail {

/// Takes items in batches that suit the reader's pace: about a millisecond's work in its hands, one item at first, and the
/// next batch on its way while one is used up. Where the way is longer, as to another node, a batch lasts as long as the
/// next takes to come. A slow reader takes one at a time, so that others may have the rest.
///
/// One request is under way at a time, so items come in the order in which the queue counts them as this reader's; one of
/// the waiting threads sees to it, the others wait for that one. Threads: any.
/// `Home` is the class of the actor, and `lane` the one whose members are called.
template <class T, int Lane = 0, class Home = queue_actor<T, Lane>, class lane = queue_actor<T, Lane>>
class queue_reader {
 public:
  queue_reader(const actor<Home>& to, queue_visitor who) : to_{to}, who_{who} {}

  /// Throws `timeout` at `until`.
  std::optional<T> get(deadline until) {
    std::unique_lock lock{mutex_};
    in_use_ = 0;
    while (next_ == batch_.size()) {
      if (fetching_) {
        wait_for_fetcher(lock, until);
      } else if (fetch(lock, until) == queue_phase::ended && next_ == batch_.size()) {
        return std::nullopt;
      }
    }
    ++done_;
    in_use_ = 1;
    if (attempt_ != 1) {
      attempts_[std::this_thread::get_id()] = attempt_;
    } else if (!attempts_.empty()) {
      attempts_.erase(std::this_thread::get_id());
    }
    return std::optional<T>{std::in_place, std::move(batch_[next_++])};
  }

  /// Ready once `get` would not wait for anything but the queue's answer. Where another thread is waiting for more, that one
  /// may take it.
  future<void> readable() {
    const std::scoped_lock lock{mutex_};
    const bool is_here = next_ != batch_.size() || (coming_.valid() && coming_waits_ && !fetching_);
    return to_.template ask<&lane::readable>(who_, is_here, received_);
  }

  /// At the item that this thread took last.
  [[nodiscard]] std::uint32_t attempt() {
    const std::scoped_lock lock{mutex_};
    const auto known = attempts_.find(std::this_thread::get_id());
    return known == attempts_.end() ? 1 : known->second;
  }

  /// Says at once that all that was handed out is done with.
  void done() {
    const std::scoped_lock lock{mutex_};
    in_use_ = 0;
    if (done_ != 0) to_.template tell<&lane::done>(who_, std::exchange(done_, 0));
  }

  /// Whether something that has been brought is still to be taken.
  [[nodiscard]] bool has_more() {
    const std::scoped_lock lock{mutex_};
    return next_ != batch_.size();
  }

  /// Gives up what has been brought and not been taken; nothing where a thread is waiting for more.
  void give_back() {
    const std::scoped_lock lock{mutex_};
    if (fetching_ || (next_ == batch_.size() && !coming_.valid())) return;
    to_.template tell<&lane::give_back>(who_, std::exchange(done_, 0));
    batch_.clear();
    next_ = 0;
    received_ = 0;
    coming_ = {};  // its items are given back with the others
  }

  /// How many of the items that the queue counts as this reader's are done with, at its end. An item that is in use when an
  /// exception ends the reader is not.
  [[nodiscard]] std::uint64_t done_at_end() const { return done_ - (is_abandoned() ? in_use_ : 0); }
  /// Whether an exception is passing, and an item was in use.
  [[nodiscard]] bool is_abandoned() const { return in_use_ != 0 && std::uncaught_exceptions() > 0; }

 private:
  using clock = std::chrono::steady_clock;
  static constexpr std::uint32_t most = 512;
  static constexpr std::chrono::nanoseconds pace =
      std::chrono::microseconds{500};  // a batch, at least; the next one is as long
  static constexpr std::chrono::nanoseconds longest_pace =
      std::chrono::milliseconds{50};  // where it is the batch that takes so long to come
  static constexpr std::chrono::milliseconds look_for_end{100};

  void wait_for_fetcher(std::unique_lock<std::mutex>& lock, deadline until) {
    if (until == no_deadline) {
      fetched_.wait(lock);
    } else if (fetched_.wait_until(lock, until) == std::cv_status::timeout && next_ == batch_.size()) {
      throw_late();
    }
  }

  /// Waits, with the mutex released, for a batch and makes it the one in hand. It may be empty.
  queue_phase fetch(std::unique_lock<std::mutex>& lock, deadline until) {
    adapt();
    if (!coming_.valid()) ask(closing_ ? queue_wait::until_ended : queue_wait::until_closing);
    fetching_ = true;
    lock.unlock();
    queue_batch<T> batch;
    try {
      batch = wait(until);
    } catch (...) {
      lock.lock();
      end_fetching();
      throw;
    }
    lock.lock();
    end_fetching();

    closing_ = batch.phase == queue_phase::closing;
    if (!batch.items.empty()) {
      received_ += batch.items.size();
      attempt_ = batch.attempt;
      begin(std::move(batch.items));
    } else if (batch.phase != queue_phase::ended && clock::now() >= until) {
      throw_late();
    }
    return batch.phase;
  }

  /// Only the fetching thread is here. `coming_` stays where waiting throws: what it brings is this reader's.
  queue_batch<T> wait(deadline until) try {
    const bool was_here = !coming_waits_ && coming_.wait_for(std::chrono::nanoseconds{0});
    if (was_here) round_trip_ = std::min(round_trip_, clock::now() - asked_at_);
    if (coming_waits_) {
      const auto now = clock::now();
      const auto limit = closing_ ? std::min(until, now + look_for_end) : until;
      if (limit != no_deadline && !coming_.wait_for(limit - now)) {
        // The batch may be on its way all the same. Not told: what a handler tells leaves at its end, and here it waits.
        (void)to_.template ask<&lane::forget_reader>(who_);
      }
    }
    auto batch = coming_.get();
    if (!was_here && !batch.waited) round_trip_ = clock::now() - asked_at_;
    return batch;
  } catch (const actor_down& down) {
    if (!died_with_the_question(down)) throw;
    coming_ = {};
    return {};
  } catch (const std::system_error& lost) {
    // What is beside a large answer has died with the queue's process, or could not be taken in here. The next request says
    // how many items have come, so they are brought again.
    coming_ = {};
    if (lost.code() != std::errc::connection_reset) throw;
    return {};
  }

  void end_fetching() {
    fetching_ = false;
    fetched_.notify_all();
  }

  void begin(std::vector<T> items) {
    batch_ = std::move(items);
    next_ = 0;
    begun_ = clock::now();
    if (wanted_ == 1 || batch_.size() == 1) return;
    try {
      ask(queue_wait::never);
    } catch (const error&) {
      // The batch in hand is good all the same; the next request will say it.
    }
  }

  void ask(queue_wait wait) {
    asked_at_ = clock::now();
    coming_ = to_.template ask<&lane::take>(who_, wanted_, done_, received_, wait);
    coming_waits_ = wait != queue_wait::never;
    done_ = 0;
  }

  /// The batch in hand is used up: how long did it last?
  void adapt() {
    if (batch_.empty()) return;
    const auto lasted =
        std::max<std::chrono::nanoseconds>(clock::now() - begun_, std::chrono::nanoseconds{1});
    const auto fitting = std::clamp<std::chrono::nanoseconds>(round_trip_, pace, longest_pace) *
                         static_cast<std::int64_t>(batch_.size()) / lasted;
    wanted_ = static_cast<std::uint32_t>(std::clamp<std::int64_t>(fitting, 1, std::min(2 * wanted_, most)));
    batch_.clear();
    next_ = 0;
  }

  [[noreturn]] void throw_late() const {
    throw timeout{"nothing came out of queue '" + to_.name() + "' in time"};
  }

  actor<Home> to_;
  queue_visitor who_;
  std::mutex mutex_;
  std::condition_variable fetched_;
  bool fetching_ = false;
  bool closing_ = false;

  std::vector<T> batch_;
  std::size_t next_ = 0;  ///< of the batch
  clock::time_point begun_{};
  std::uint32_t wanted_ = 1;
  future<queue_batch<T>> coming_;
  bool coming_waits_ = false;
  clock::time_point asked_at_{};  ///< for `coming_`
  clock::duration round_trip_{};  ///< the last that was seen, or less

  std::uint64_t received_ = 0;  ///< items, since all were given back
  std::uint32_t attempt_ = 1;   ///< at those in hand
  std::unordered_map<std::thread::id, std::uint32_t>
      attempts_;              ///< at what each took last; where not the first
  std::uint64_t done_ = 0;    ///< items handed out since the queue was last told
  std::uint64_t in_use_ = 0;  ///< of these, one that was handed out last
};

}  // namespace troupe::detail
