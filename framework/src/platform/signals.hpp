// SIGINT and SIGTERM of a host that wants the library to see to them.
#pragma once

#include "platform/waker.hpp"

#include <cstddef>

namespace troupe::platform {

/// While there is one, the first SIGINT or SIGTERM of this process is only noted, and wakes all of these; the second ends the
/// process by that signal. What the host had installed comes back with the last of them; a signal that it ignores stays
/// ignored. At most 16 at a time. Any thread.
class signal_watch {
 public:
  signal_watch();
  ~signal_watch();
  signal_watch(const signal_watch&) = delete;
  signal_watch& operator=(const signal_watch&) = delete;

  /// Readable once the first signal has come.
  [[nodiscard]] int descriptor_number() const { return waker_.descriptor_number(); }
  /// That signal; 0 before.
  [[nodiscard]] int number() const;

 private:
  waker waker_;
  std::size_t place_ = 0;
};

}  // namespace troupe::platform
