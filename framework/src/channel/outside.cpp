#include "channel/outside.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace troupe::channel {
namespace {

constexpr std::size_t staging_size = std::size_t{64} << 10;

class memory_sink final : public detail::byte_sink {
 public:
  memory_sink(const platform::descriptor& memory, std::size_t size) : memory_{memory}, size_{size} {}
  void write(std::span<const std::byte> bytes) override {
    if (bytes.size() > size_ - written_) detail::throw_message_changed(size_);
    platform::write_at(memory_, bytes, written_);
    written_ += bytes.size();
  }

 private:
  const platform::descriptor& memory_;
  std::size_t size_;
  std::size_t written_ = 0;
};

}  // namespace

platform::descriptor write_outside(const char* label, const detail::body& values) {
  auto memory = platform::create_shared_memory(label, values.size);
  // Written as a file: that takes a page and fills it in one step, where a mapping has it zeroed, faults, and is undone.
  memory_sink rest{memory, values.size};
  std::vector<std::byte> room(std::min(staging_size, values.size));
  detail::byte_writer out{room, rest};
  values.write(values.values, out);
  out.flush();
  platform::seal_writes(memory);
  return memory;
}

outside_payload::outside_payload(const platform::descriptor& memory, std::uint64_t size) {
  // Sealed against both: what shrinks faults under its reader, and what changes has been checked in vain.
  if (!platform::is_sealed(memory) || size == 0 || size > platform::memory_size(memory)) {
    throw malformed_message{"a message says that " + std::to_string(size) +
                            " bytes travel beside it, which is not so"};
  }
  mapped_ = platform::mapping::map_at_once(memory, platform::access::read, size);
}

}  // namespace troupe::channel
