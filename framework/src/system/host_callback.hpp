// A function of the host's that the background thread calls.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace troupe::system_layer {

/// Thread-safe. Once `set` has returned, the former function is not running, and is not called again; but for a `set` from
/// within it.
template <class Argument>
class host_callback {
 public:
  void set(std::function<void(const Argument&)> function) {
    const std::lock_guard lock{calling_};
    function_ = std::make_shared<std::function<void(const Argument&)>>(std::move(function));
  }
  void call(const Argument& argument) {
    const std::lock_guard lock{calling_};
    const auto function = function_;  // which may set another
    if (function && *function) (*function)(argument);
  }

 private:
  std::recursive_mutex calling_;
  std::shared_ptr<std::function<void(const Argument&)>> function_;
};

}  // namespace troupe::system_layer
