// Deaths on purpose: how a program shows that its pool survives them.
#pragma once

#include <troupe/pool.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace troupe {

/// What a `pool_chaos` does.
struct pool_chaos_options {
  detail::not_from_braces only_named{};
  std::uint64_t kills = 0;               ///< workers that die by SIGKILL after they have begun to work
  std::uint64_t seed = 1;                ///< of the moments and of the victims, not of the workers' own pace
  std::chrono::microseconds pace{2500};  ///< between one kill and the next, on average
};

/// Kills workers of a pool at random moments, wherever they run, while the pool works for others: from construction until so
/// many have died, or to the end of this object. One that dies before it has worked is not counted. Give the pool's maps a
/// `max_attempts` that leaves room for it: each death is an attempt of what the worker had.
///
/// Has a thread of its own. The pool must outlive it. Any thread.
class pool_chaos {
 public:
  /// Throws `std::invalid_argument` where the pace is negative.
  explicit pool_chaos(pool& which, pool_chaos_options options);
  pool_chaos(const pool_chaos&) = delete;
  pool_chaos& operator=(const pool_chaos&) = delete;
  /// Waits for the kill that is under way.
  ~pool_chaos();

  /// So many have died so far.
  [[nodiscard]] std::uint64_t kills() const { return done_; }
  /// Whether it has killed as many as asked for, or cannot go on: the system has ended, or starts no workers any more.
  [[nodiscard]] bool is_over() const { return is_over_; }

 private:
  void run();

  pool& pool_;
  pool_chaos_options options_;
  std::atomic<bool> is_stopped_ = false;
  std::atomic<bool> is_over_ = false;
  std::atomic<std::uint64_t> done_ = 0;
  std::thread thread_;
};

}  // namespace troupe
