#include "channel/journal.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <bit>

namespace troupe::channel {
namespace {

constexpr std::uint64_t journal_magic = 0x6c61'6e72'756f'6a02;  // "\2journal"
constexpr std::size_t least_capacity = std::size_t{64} << 10;
constexpr std::size_t most_capacity = std::size_t{1} << 30;

}  // namespace

platform::descriptor create_journals(std::size_t capacity_bytes, std::size_t max_messages, lane way) {
  // Room for one frame of the largest size that travels inside, whatever was asked for.
  const auto capacity = std::bit_ceil(std::clamp(capacity_bytes, 2 * least_capacity, most_capacity));
  auto memory = platform::create_shared_memory("troupe-journals", rings_begin + 2 * capacity);
  const journal_front fresh{journal_magic, capacity, std::max<std::size_t>(max_messages, 1),
                            static_cast<std::uint64_t>(way)};
  platform::write_at(memory, std::as_bytes(std::span{&fresh, 1}), 0);
  return memory;
}

journal::mapped_front::mapped_front(const platform::descriptor& memory) {
  const auto refuse = [] {
    throw malformed_message{"a descriptor that should be a channel's journals is something else"};
  };
  const auto size = platform::memory_size(memory);
  if (!platform::cannot_shrink(memory) || size < rings_begin + 2 * least_capacity) refuse();
  mapped_ = platform::mapping::map(memory, platform::access::read_write, 0, rings_begin);
  memory_ = reinterpret_cast<journals_front*>(mapped_.bytes().data());
  const auto& front = memory_->front;
  capacity = front.capacity;
  max_messages = front.max_messages;
  way = front.way <= static_cast<std::uint64_t>(lane::ring) ? static_cast<lane>(front.way) : lane::automatic;
  if (front.magic != journal_magic || !std::has_single_bit(capacity) || capacity != (size - rings_begin) / 2)
    refuse();
}

journal::journal(const platform::descriptor& memory, direction which, platform::access rights)
    : journal{pin_of<const mapped_front>{new mapped_front{memory}}, memory, which, rights} {}

journal::journal(pin_of<const mapped_front> front, const platform::descriptor& memory, direction which,
                 platform::access rights)
    : front_{std::move(front)},
      which_{which},
      header_{&front_->header(which)},
      capacity_{front_->capacity},
      max_messages_{front_->max_messages},
      way_{front_->way} {
  const auto begin = rings_begin + static_cast<std::size_t>(which) * capacity_;
  ring_ = pin_of<const mapped_ring>{
      new mapped_ring{platform::mapping::map_ring(memory, rights, begin, capacity_)}};
  bytes_ = ring_->twice.bytes();
}

void journal::copy(std::uint64_t position, std::span<std::byte> into) const {
  std::ranges::copy(at(position, into.size()), into.begin());
}

void begin_journal_at(const platform::descriptor& memory, direction which, std::uint64_t position,
                      std::uint32_t epoch) {
  const journal::mapped_front front{memory};
  auto& header = front.header(which);
  header.sent.store(position, std::memory_order_relaxed);
  header.received.store(position, std::memory_order_relaxed);
  header.revoked.store(0, std::memory_order_relaxed);
  header.is_called.store(0, std::memory_order_relaxed);
  header.epoch.store(epoch, std::memory_order_release);
}

}  // namespace troupe::channel
