// What other threads have posted to an actor.
#pragma once

#include "platform/waker.hpp"

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace troupe::runtime {

/// Thread-safe.
class post_box {
 public:
  void post(std::function<void()> run) {
    {
      const std::lock_guard lock{mutex_};
      posted_.push_back(std::move(run));
      if (posted_.size() > 1) return;  // the waker has been told, and what is taken is taken together
    }
    waker_.wake();
  }
  /// Cleared before it is emptied: what is posted in between wakes once too often, not once too little.
  [[nodiscard]] std::vector<std::function<void()>> take() {
    waker_.clear();
    const std::lock_guard lock{mutex_};
    return std::exchange(posted_, {});
  }
  [[nodiscard]] int descriptor_number() const { return waker_.descriptor_number(); }

 private:
  platform::waker waker_;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;
};

}  // namespace troupe::runtime
