// What the host has heard of messages that nobody will handle.
#pragma once

#include <troupe/dead_letter.hpp>

#include "process/control.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

namespace troupe::system_layer {

/// Thread-safe. Keeps the last thousand.
class letter_box {
 public:
  /// Calls what `call_with_each` was given, on this thread.
  void take(process_layer::unhandled&& told);
  [[nodiscard]] std::vector<dead_letter> all() const;
  /// From the next one on. Empty: nothing is called any more.
  void call_with_each(std::function<void(const dead_letter&)> callback);

  /// Those that come from now on are the end's.
  void mark_the_end();
  [[nodiscard]] std::vector<dead_letter> since_the_end() const;

 private:
  mutable std::mutex mutex_;
  std::deque<dead_letter> letters_;
  std::uint64_t last_number_ = 0;
  std::uint64_t last_before_end_ = 0;
  std::function<void(const dead_letter&)> callback_;
};

}  // namespace troupe::system_layer
