// Memory that messages point into.
#pragma once

#include "platform/threads.hpp"

#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstdint>

namespace troupe::channel {

/// Memory with a count of its users. A `shared_ptr`'s use_count would say how many there are, but not that those who have
/// left are done with reading: their last reads could come after our first writes.
///
/// Threads: any may hold and drop a pin.
class pinned {
 public:
  pinned() = default;
  pinned(const pinned&) = delete;
  pinned& operator=(const pinned&) = delete;
  virtual ~pinned() = default;

  /// Whether the caller, who holds a pin, is the only one; what others did with the memory has then been done.
  [[nodiscard]] bool has_one_user() const { return users_.load(std::memory_order_acquire) == 1; }

 private:
  friend void intrusive_ptr_add_ref(const pinned* memory) {
    if (platform::has_one_thread()) {
      memory->users_.store(memory->users_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    } else {
      memory->users_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  friend void intrusive_ptr_release(const pinned* memory) {
    if (platform::has_one_thread()) {
      const auto left = memory->users_.load(std::memory_order_relaxed) - 1;
      memory->users_.store(left, std::memory_order_relaxed);
      if (left == 0) delete memory;
    } else if (memory->users_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete memory;
    }
  }
  mutable std::atomic<std::uint32_t> users_{0};
};

template <class Memory>
using pin_of = boost::intrusive_ptr<Memory>;
using pin = pin_of<const pinned>;

}  // namespace troupe::channel
