#include "platform/stream.hpp"

#include "platform/error.hpp"

#include <array>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe::platform {

pipe_ends make_pipe() {
  std::array<int, 2> ends{};
  require("pipe2", "output", [&] { return ::pipe2(ends.data(), O_CLOEXEC); });
  pipe_ends made{adopt_above_standard(ends[0]), adopt_above_standard(ends[1])};
  require("fcntl O_NONBLOCK", "output", [&] { return ::fcntl(made.read_end.get(), F_SETFL, O_NONBLOCK); });
  return made;
}

std::optional<std::size_t> read_some(int stream, std::span<std::byte> into) {
  const auto size = retry([&] { return ::read(stream, into.data(), into.size()); });
  if (size == -1) return errno == EAGAIN ? std::nullopt : std::optional<std::size_t>{0};
  return static_cast<std::size_t>(size);
}

output_stream::output_stream(descriptor owned) : stream_{std::move(owned)} {
  struct stat status {};
  if (!stream_ || ::fstat(stream_.get(), &status) == -1) return;
  if (S_ISREG(status.st_mode) || S_ISSOCK(status.st_mode))
    return;  // a socket cannot be opened again: it may block us
  // A pipe or a terminal opened again is an open file of its own, with flags of its own.
  const auto path = "/proc/self/fd/" + std::to_string(stream_.get());
  const int own = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (own == -1) return;  // not ours to open: it may block us, as any writer
  stream_ = adopt_above_standard(own);
  always_ready_ = false;
}

std::size_t output_stream::write_some(std::span<const std::byte> bytes) {
  if (!stream_) return bytes.size();
  const auto size = retry([&] { return ::write(stream_.get(), bytes.data(), bytes.size()); });
  if (size == -1) return errno == EAGAIN ? 0 : bytes.size();
  return static_cast<std::size_t>(size);
}

}  // namespace troupe::platform
