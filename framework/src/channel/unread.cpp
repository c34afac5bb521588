#include "channel/unread.hpp"

#include <troupe/errors.hpp>

#include "channel/journal.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace troupe::channel {

void for_each_unread(const platform::descriptor& memory, progress from, std::uint64_t head,
                     const std::function<void(const wire::frame&)>& sink) try {
  const journal ring{memory, platform::access::read};
  if (from.position > head || head - from.position > ring.capacity()) return;
  std::vector<std::byte> bytes;
  while (from.position < head) {
    const auto left = static_cast<std::size_t>(head - from.position);
    bytes.resize(std::min(left, sizeof(wire::frame_header)));
    ring.copy(from.position, bytes);
    std::size_t size = 0;
    if (wire::frame first; !wire::read_frame(bytes, first, size) && size > bytes.size() && size <= left) {
      bytes.resize(size);
      ring.copy(from.position, bytes);
    }
    wire::frame frame;
    if (!wire::read_frame(bytes, frame, size)) return;
    sink(frame);
    from.position += size;
  }
} catch (const malformed_message&) {
  // What follows is anybody's guess.
}

}  // namespace troupe::channel
