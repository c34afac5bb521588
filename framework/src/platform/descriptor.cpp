#include "platform/descriptor.hpp"

#include "platform/error.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace troupe::platform {

void descriptor::reset(int number) noexcept {
  if (number_ >= 0)
    ::close(number_);  // never retried: on Linux the descriptor is gone even after EINTR (close(2))
  number_ = number;
}

descriptor descriptor::duplicate() const {
  return adopt(
      require("fcntl F_DUPFD_CLOEXEC", "descriptor", [&] { return ::fcntl(number_, F_DUPFD_CLOEXEC, 3); }));
}

descriptor adopt_above_standard(int number) {
  auto owner = descriptor::adopt(number);
  return number > STDERR_FILENO ? std::move(owner) : owner.duplicate();
}

standard_numbers_kept::standard_numbers_kept() {
  for (auto& place : taken_) {
    auto lowest = descriptor::adopt(retry([] { return ::open("/dev/null", O_RDWR | O_CLOEXEC); }));
    if (lowest.get() > STDERR_FILENO) return;
    place = std::move(lowest);
  }
}

void standard_numbers_kept::release() {
  for (auto& place : taken_) place.reset();
}

bool is_open(int number) { return number >= 0 && ::fcntl(number, F_GETFD) != -1; }

void close_on_exec(int number) {
  require("fcntl FD_CLOEXEC", "descriptor", [&] { return ::fcntl(number, F_SETFD, FD_CLOEXEC); });
}

}  // namespace troupe::platform
