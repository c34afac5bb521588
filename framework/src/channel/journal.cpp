#include "channel/journal.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <bit>

namespace troupe::channel {
namespace {

constexpr std::uint64_t journal_magic = 0x6c61'6e72'756f'6a01;  // "\1journal"
constexpr std::size_t least_capacity = std::size_t{64} << 10;
constexpr std::size_t most_capacity = std::size_t{1} << 30;
constexpr std::size_t header_room = 4096;

}  // namespace

platform::descriptor journal::create(std::size_t capacity_bytes, std::size_t max_messages, lane way) {
  // Room for one frame of the largest size that travels inside, whatever was asked for.
  const auto capacity = std::bit_ceil(std::clamp(capacity_bytes, 2 * least_capacity, most_capacity));
  auto memory = platform::create_shared_memory("troupe-journal", header_room + capacity);
  const journal_front fresh{journal_magic, capacity, std::max<std::size_t>(max_messages, 1),
                            static_cast<std::uint64_t>(way)};
  platform::write_at(memory, std::as_bytes(std::span{&fresh, 1}), 0);
  return memory;
}

journal::journal(const platform::descriptor& memory, platform::access rights) {
  const auto refuse = [] {
    throw malformed_message{"a descriptor that should be a journal is something else"};
  };
  const auto size = platform::memory_size(memory);
  if (!platform::cannot_shrink(memory) || size < header_room + least_capacity) refuse();
  header_mapping_ = platform::mapping::map(memory, platform::access::read_write, 0, header_room);
  header_ = reinterpret_cast<journal_header*>(header_mapping_.bytes().data());
  capacity_ = header_->front.capacity;
  max_messages_ = header_->front.max_messages;
  way_ = header_->front.way <= static_cast<std::uint64_t>(lane::ring) ? static_cast<lane>(header_->front.way)
                                                                      : lane::automatic;
  if (header_->front.magic != journal_magic || !std::has_single_bit(capacity_) ||
      capacity_ != size - header_room)
    refuse();
  ring_ = pin_of<const mapped_ring>{
      new mapped_ring{platform::mapping::map_ring(memory, rights, header_room, capacity_)}};
  bytes_ = ring_->twice.bytes();
}

void journal::copy(std::uint64_t position, std::span<std::byte> into) const {
  std::ranges::copy(at(position, into.size()), into.begin());
}

void begin_journal_at(const platform::descriptor& memory, std::uint64_t position, std::uint32_t epoch) {
  const journal whole{memory, platform::access::read_write};
  auto& header = whole.header();
  header.sent.store(position, std::memory_order_relaxed);
  header.received.store(position, std::memory_order_relaxed);
  header.revoked.store(0, std::memory_order_relaxed);
  header.is_called.store(0, std::memory_order_relaxed);
  header.epoch.store(epoch, std::memory_order_release);
}

}  // namespace troupe::channel
