// Looking for a while before sleeping: to be woken takes longer than most answers do.
#pragma once

#include "platform/clock.hpp"
#include "platform/cpus.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

namespace troupe::runtime {

/// Looks as long as that pays: after looks in vain it passes over more and more waits. Never holds a core that another
/// process wants: it gives way all the time, and where that takes long, somebody busy has had the core, and it sleeps.
/// Not thread-safe.
class spin {
 public:
  /// `longest` 0: never looks. More than `most` is taken for that.
  explicit spin(std::chrono::nanoseconds longest) : longest_{std::min(longest, most).count()} {}

  /// Whether `came` has been seen to be true.
  template <class Came>
  bool until(const Came& came) {
    if (longest_ <= 0) return false;
    if (passed_over_ < to_pass_over()) {
      ++passed_over_;
      return false;
    }
    passed_over_ = 0;
    for (auto now = platform::monotonic_nanoseconds(), end = now + longest_; now < end;) {
      for (int looks = 0; looks < looks_at_once; ++looks) {
        if (came()) return succeed();
        platform::relax();
      }
      const auto before = platform::monotonic_nanoseconds();
      std::this_thread::yield();
      now = platform::monotonic_nanoseconds();
      if (now - before > another_had_the_core) break;
    }
    in_vain_ = std::min(in_vain_ + 1, most_in_vain);
    return false;
  }

 private:
  static constexpr std::chrono::nanoseconds most =
      std::chrono::milliseconds{10};  // deadlines are as late at most
  static constexpr int looks_at_once = 64;
  // Nanoseconds. A yield to nobody takes a few hundred, one to somebody who looks as well some thousands; who has much to
  // do keeps the core for a slice of the scheduler's, a thousand times as long as the first.
  static constexpr std::int64_t another_had_the_core = 20'000;
  static constexpr int most_in_vain = 10;

  [[nodiscard]] std::uint32_t to_pass_over() const { return (1U << static_cast<unsigned>(in_vain_)) - 1; }
  bool succeed() {
    in_vain_ = std::max(in_vain_ - 2, 0);
    return true;
  }

  std::int64_t longest_;  // nanoseconds
  int in_vain_ = 0;
  std::uint32_t passed_over_ = 0;
};

}  // namespace troupe::runtime
