// The putting side of a queue's handle.
#pragma once

#include <troupe/actor.hpp>
#include <troupe/detail/queue_actor.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

namespace troupe::detail {

enum class put_outcome : std::uint8_t { taken, full, closed };

/// Puts against credits, so that a put is a one-way message. The number asked for follows the writer's pace: what it uses in
/// about a millisecond, or a few round trips where those are longer, and one at first. Unused credits are worth nothing after
/// `credit_lifetime`, so that whoever puts now and then hears of a close, and hoards nothing. Threads: any.
/// `Home` is the class of the actor, and `lane` the one whose members are called.
template <class T, int Lane = 0, class Home = queue_actor<T, Lane>, class lane = queue_actor<T, Lane>>
class queue_writer {
 public:
  queue_writer(const actor<Home>& to, queue_visitor who) : to_{to}, who_{who} {}

  put_outcome put(const T& item, deadline until) {
    auto outcome = take_credit();
    if (outcome == put_outcome::full) outcome = ask_for_room(until);
    if (outcome != put_outcome::taken) return outcome;
    try {
      to_.template tell<&lane::put>(who_, item);
    } catch (...) {
      const std::scoped_lock lock{mutex_};
      ++credits_;
      throw;
    }
    return outcome;
  }

  void close() {
    if (const auto unused = begin_close()) to_.template tell<&lane::close>(who_, *unused);
  }

  std::uint64_t close_now() {
    return to_.template ask<&lane::close_now>(who_, begin_close().value_or(0)).get();
  }

 private:
  using clock = std::chrono::steady_clock;
  static constexpr std::uint32_t most = 512;
  static constexpr std::chrono::nanoseconds pace = std::chrono::milliseconds{1};
  static constexpr int round_trips = 4;  // a writer stands still for each grant, so for a fifth of its time

  /// The credits that are left; nullopt where it was closed here before.
  std::optional<std::uint32_t> begin_close() {
    const std::scoped_lock lock{mutex_};
    if (std::exchange(closed_, true)) return std::nullopt;
    return std::exchange(credits_, 0);
  }

  put_outcome take_credit() {
    const std::scoped_lock lock{mutex_};
    if (closed_) return put_outcome::closed;
    if (credits_ == 0 || clock::now() >= granted_at_ + credit_lifetime) return put_outcome::full;
    --credits_;
    return put_outcome::taken;
  }

  /// Never waits with the mutex held: other threads with more or less patience have requests of their own.
  put_outcome ask_for_room(deadline until) {
    std::unique_lock lock{mutex_};
    const auto now = clock::now();
    adapt(now);
    const auto ticket = next_ticket_++;
    const auto wanted = wanted_;
    const auto unused = std::exchange(credits_, 0);
    lock.unlock();
    auto asked_at = now;
    auto granted = request(ticket, wanted, unused, until);
    while (!granted) {
      asked_at = clock::now();
      granted = request(ticket, wanted, 0, until);
    }

    lock.lock();
    if (!granted->waited) round_trip_ = clock::now() - asked_at;
    if (granted->closed) closed_ = true;
    if (closed_) return put_outcome::closed;
    if (granted->credits == 0) return put_outcome::full;
    if (credits_ == 0) granted_at_ = clock::now();
    credits_ += granted->credits - 1;
    granted_ = granted->credits;
    return put_outcome::taken;
  }

  /// Nullopt where the process that was asked has died.
  std::optional<queue_grant> request(std::uint32_t ticket, std::uint32_t wanted, std::uint32_t unused,
                                     deadline until) try {
    const auto now = clock::now();
    const bool waits = until > now;
    auto answer = to_.template ask<&lane::room>(who_, ticket, wanted, unused, waits);
    if (waits && until != no_deadline && !answer.wait_for(until - now)) {
      // The answer may be on its way all the same.
      to_.template tell<&lane::forget_writer>(who_, ticket);
    }
    return answer.get();
  } catch (const actor_down& down) {
    if (!died_with_the_question(down)) throw;
    return std::nullopt;
  }

  void adapt(clock::time_point now) {
    if (granted_ == 0) return;
    const auto used = granted_ - std::min(credits_, granted_);
    const auto lasting =
        std::clamp<std::chrono::nanoseconds>(round_trips * round_trip_, pace, credit_lifetime / 2);
    const auto fitting = lasting * used / std::max(now - granted_at_, std::chrono::nanoseconds{1});
    wanted_ = static_cast<std::uint32_t>(std::clamp<std::int64_t>(fitting, 1, std::min(2 * wanted_, most)));
  }

  actor<Home> to_;
  queue_visitor who_;
  std::mutex mutex_;
  bool closed_ = false;
  std::uint32_t credits_ = 0;
  std::uint32_t granted_ = 0;       ///< the last grant
  clock::time_point granted_at_{};  ///< when the oldest of `credits_` came
  clock::duration round_trip_{};    ///< of the last request that did not wait for room
  std::uint32_t wanted_ = 1;
  std::uint32_t next_ticket_ = 0;
};

}  // namespace troupe::detail
