// Waking a thread that waits on sockets.
#pragma once

#include "platform/descriptor.hpp"

namespace troupe::platform {

/// A descriptor that reads as ready from `wake` to `clear` (an eventfd). Thread-safe.
class waker {
 public:
  /// Throws `std::system_error` where no descriptor is left.
  waker();
  [[nodiscard]] int descriptor_number() const { return event_.get(); }
  [[nodiscard]] descriptor take_descriptor() && { return std::move(event_); }
  void wake() const;
  void clear() const;

 private:
  descriptor event_;
};

}  // namespace troupe::platform
