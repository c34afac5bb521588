#include "platform/waker.hpp"

#include "platform/error.hpp"

#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

namespace troupe::platform {

waker::waker()
    : event_{adopt_above_standard(
          require("eventfd", "a waiting thread", [] { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }))} {}

void waker::wake() const {
  const std::uint64_t one = 1;
  retry([&] { return ::write(event_.get(), &one, sizeof one); });  // fails only where it is set already
}

void waker::clear() const {
  std::uint64_t count = 0;
  retry([&] { return ::read(event_.get(), &count, sizeof count); });  // fails only where it is not set
}

}  // namespace troupe::platform
