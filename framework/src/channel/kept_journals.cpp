#include "channel/kept_journals.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <vector>

namespace troupe::channel {
namespace {

platform::mapping map_all(const platform::descriptor& memory, std::size_t size) {
  return platform::mapping::map(memory, platform::access::read, 0, size);
}

// From a ring that is there once.
void copy(std::span<const std::byte> ring, std::uint64_t position, std::span<std::byte> into) {
  const auto from = static_cast<std::size_t>(position % ring.size());
  const auto first = std::min(into.size(), ring.size() - from);
  std::ranges::copy(ring.subspan(from, first), into.begin());
  std::ranges::copy(ring.first(into.size() - first), into.subspan(first).begin());
}

}  // namespace

kept_journals::kept_journals(const platform::descriptor& memory, bool for_successors)
    : size_{platform::memory_size(memory)} {
  if (for_successors) {
    memory_ = memory.duplicate();
  } else {
    mapped_ = map_all(memory, size_);
    mapped_.keep_from_children();
  }
}

void kept_journals::for_each_unread(direction which, progress from, std::uint64_t head,
                                    const std::function<void(const wire::frame&)>& sink) const try {
  const auto mapped_now = memory_ ? map_all(memory_, size_) : platform::mapping{};
  const auto& mapped = memory_ ? mapped_now : mapped_;
  const auto capacity = (size_ - rings_begin) / 2;
  const auto ring =
      mapped.bytes().subspan(rings_begin + static_cast<std::size_t>(which) * capacity, capacity);
  if (from.position > head || head - from.position > capacity) return;
  std::vector<std::byte> bytes;
  while (from.position < head) {
    const auto left = static_cast<std::size_t>(head - from.position);
    bytes.resize(std::min(left, sizeof(wire::frame_header)));
    copy(ring, from.position, bytes);
    std::size_t size = 0;
    if (wire::frame first; !wire::read_frame(bytes, first, size) && size > bytes.size() && size <= left) {
      bytes.resize(size);
      copy(ring, from.position, bytes);
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
