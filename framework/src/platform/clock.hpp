// Time: every deadline is a point on the monotonic clock, so that a changed wall clock moves none.
#pragma once

#include <chrono>
#include <cstdint>

namespace troupe::platform {

using time_point = std::chrono::steady_clock::time_point;

/// A deadline that never comes.
inline constexpr time_point never = time_point::max();

/// `patience` from now; `never` where the sum would overflow.
[[nodiscard]] inline time_point deadline_after(std::chrono::nanoseconds patience) {
  const auto now = std::chrono::steady_clock::now();
  return patience > never - now ? never : now + patience;
}

/// Nanoseconds of CLOCK_MONOTONIC, comparable between processes of one machine.
[[nodiscard]] inline std::int64_t monotonic_nanoseconds() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

}  // namespace troupe::platform
