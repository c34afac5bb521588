// A place where processes wait for each other.
#pragma once

#include <troupe/detail/sync_handle.hpp>
#include <troupe/errors.hpp>

#include <chrono>
#include <cstddef>

namespace troupe {

/// Each of so many parties waits here until all of them do; then all go on, and it can be used again. A handle travels in
/// messages and as an argument of `spawn`; copies name the same barrier.
///
/// ## Parties and their end
/// A thread becomes a party by `enter()`, or by its first `wait`, and is one until the last handle of its process goes. A
/// party that ends without that (killed, crashed, by an exception) breaks the barrier: those who wait, and those who come, get
/// `broken_barrier`, until somebody calls `reset()`. Who has not become a party yet is not missed: let parties that may die
/// before their first `wait` begin with `enter()`. Waiting ends as that at a `mutex`.
///
/// Threads and processes: any; at most 120 parties.
class barrier : public detail::sync_handle {
 public:
  static constexpr auto kind = detail::sync_kind::barrier;
  /// No barrier yet: anything but assignment throws `std::logic_error`.
  barrier() = default;
  /// Throws `std::invalid_argument` for fewer parties than 1, or more than 120.
  explicit barrier(std::ptrdiff_t parties);

  /// The calling thread is a party from now on.
  void enter() const;
  /// Waits for the others; returns how many were here before, so one of them gets 0. Throws `broken_barrier`.
  std::size_t wait() const;
  /// As `wait`; throws `timeout` after `patience`, which breaks the barrier for the others.
  std::size_t wait_for(std::chrono::nanoseconds patience) const;

  /// Breaks it, for those who wait and those who come.
  void abort() const;
  /// Makes it as new. Those who wait get `broken_barrier`.
  void reset() const;
  [[nodiscard]] bool broken() const;
  [[nodiscard]] std::size_t parties() const;
  /// How many wait now; a moment's truth.
  [[nodiscard]] std::size_t waiting() const;

 private:
  std::size_t wait_until(std::chrono::steady_clock::time_point until) const;
};

}  // namespace troupe
