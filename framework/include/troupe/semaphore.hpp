// A number of permits, between processes.
#pragma once

#include <troupe/detail/sync_handle.hpp>
#include <troupe/errors.hpp>

#include <chrono>
#include <cstddef>

namespace troupe {

struct semaphore_options {
  bool bounded = false;  ///< never more permits than at first: a release too many throws `not_held`
  /// Permits are used up, as those that count a queue's items: who acquired one does not have it, and does not take it along
  /// when it dies.
  bool signals = false;
};

/// So many permits; who wants one when there is none waits. A permit that was acquired belongs to the thread that acquired it. A
/// handle travels in messages and as an argument of `spawn`; copies name the same semaphore.
///
/// ## Ending
/// A thread or process that ends while it has permits is noticed by the kernel: they come back by themselves, and one of the
/// others, whoever is there first, gets `owner_died` once, so that somebody knows; who tries again gets a permit. The same
/// where a process drops its last handle while it has permits. Waiting
/// ends as that at a `mutex`.
///
/// Threads and processes: any; at most 120 threads have permits or wait at a time, others get `std::length_error`.
class semaphore : public detail::sync_handle {
 public:
  static constexpr auto kind = detail::sync_kind::semaphore;
  /// No semaphore yet: anything but assignment throws `std::logic_error`.
  semaphore() = default;
  /// `permits` of them at first. Throws `std::invalid_argument` where that is negative, or above 2^30.
  explicit semaphore(std::ptrdiff_t permits, semaphore_options options = {});

  /// Waits for a permit. Throws `owner_died`; then there is none for the caller.
  void acquire() const;
  /// False, at once, where there is none.
  [[nodiscard]] bool try_acquire() const { return try_acquire_for({}); }
  /// False where there is none after `patience`; zero or less does not wait.
  [[nodiscard]] bool try_acquire_for(std::chrono::nanoseconds patience) const;
  /// Gives a permit of the calling thread back. Where that has none, there is one more from now on.
  /// Not where the semaphore is bounded: `not_held`.
  void release() const;
  /// Free permits; a moment's truth.
  [[nodiscard]] std::ptrdiff_t available() const;

 private:
  bool acquire_until(std::chrono::steady_clock::time_point until) const;
};

}  // namespace troupe
