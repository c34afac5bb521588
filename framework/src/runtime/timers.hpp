// An actor's timers, as a queue that somebody else waits for.
#pragma once

#include "platform/clock.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

namespace troupe::runtime {

/// Not thread-safe. Numbers begin at 1 and are not used again.
class timers {
 public:
  /// A `period` of zero: once.
  std::uint64_t add(platform::time_point when, std::chrono::nanoseconds period,
                    std::function<void()> callback);
  void cancel(std::uint64_t number);

  /// When the first is due; `never` where there is none.
  [[nodiscard]] platform::time_point next() const {
    return order_.empty() ? platform::never : order_.begin()->first;
  }
  /// The callback of one that is due: taken out, or put behind its period.
  [[nodiscard]] std::function<void()> take_due(platform::time_point now);

 private:
  struct timer {
    std::chrono::nanoseconds period;
    std::function<void()> callback;
    std::multimap<platform::time_point, std::uint64_t>::iterator place;
  };
  std::multimap<platform::time_point, std::uint64_t> order_;
  std::unordered_map<std::uint64_t, timer> all_;
  std::uint64_t last_ = 0;
};

}  // namespace troupe::runtime
