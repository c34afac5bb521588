// Byte streams: pipes that collect a process's output, and the host's standard streams that it goes to.
#pragma once

#include "platform/descriptor.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <utility>

namespace troupe::platform {

struct pipe_ends {
  descriptor read_end;  ///< does not block
  descriptor write_end;
};

[[nodiscard]] pipe_ends make_pipe();

/// Reads what is there; 0 at the end of the stream, nullopt where there is nothing now.
[[nodiscard]] std::optional<std::size_t> read_some(int stream, std::span<std::byte> into);

/// A stream of somebody else's that is written to without blocking the writer and without changing the stream for its
/// owner (O_NONBLOCK belongs to the open file, which the owner shares).
class output_stream {
 public:
  output_stream() = default;

  /// Takes a duplicate of the owner's descriptor. An empty one swallows everything.
  explicit output_stream(descriptor owned);

  /// Writes what goes in now; fewer bytes than given where the stream is full. Everything is taken, and lost, where the
  /// reader is gone.
  std::size_t write_some(std::span<const std::byte> bytes);

  /// For waiting until it takes bytes; -1 for one that always does.
  [[nodiscard]] int descriptor_number() const { return always_ready_ ? -1 : stream_.get(); }

 private:
  descriptor stream_;
  bool always_ready_ = true;
};

}  // namespace troupe::platform
