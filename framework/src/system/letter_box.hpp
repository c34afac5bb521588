// What the host has heard of messages that nobody will handle.
#pragma once

#include <troupe/dead_letter.hpp>

#include "process/control.hpp"
#include "system/host_callback.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

namespace troupe::system_layer {

/// Thread-safe. Keeps the last thousand.
class letter_box {
 public:
  /// Calls the callback with each, on this thread.
  void take(process_layer::unhandled&& told);
  [[nodiscard]] std::vector<dead_letter> all() const;
  [[nodiscard]] host_callback<dead_letter>& callback() { return callback_; }

  /// Those that come from now on are the end's. The first such call counts.
  void mark_the_end();
  [[nodiscard]] std::vector<dead_letter> since_the_end() const;

 private:
  mutable std::mutex mutex_;
  std::deque<dead_letter> letters_;
  std::uint64_t last_number_ = 0;
  std::optional<std::uint64_t> last_before_end_;
  host_callback<dead_letter> callback_;
};

}  // namespace troupe::system_layer
