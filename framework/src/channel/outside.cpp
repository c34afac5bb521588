#include "channel/outside.hpp"

#include <troupe/errors.hpp>

#include <string>

namespace troupe::channel {

platform::descriptor write_outside(const char* label, const detail::body& values) {
  auto memory = platform::create_shared_memory(label, values.size);
  platform::allocate(memory, values.size);
  {
    const auto mapped = platform::mapping::map(memory, platform::access::read_write, 0, values.size);
    detail::byte_writer out{mapped.bytes()};
    values.write(values.values, out);
  }
  platform::seal_writes(memory);
  return memory;
}

outside_payload::outside_payload(const platform::descriptor& memory, std::uint64_t size) {
  // Sealed against both: what shrinks faults under its reader, and what changes has been checked in vain.
  if (!platform::is_sealed(memory) || size == 0 || size > platform::memory_size(memory)) {
    throw malformed_message{"a message says that " + std::to_string(size) +
                            " bytes travel beside it, which is not so"};
  }
  mapped_ = platform::mapping::map(memory, platform::access::read, 0, size);
}

}  // namespace troupe::channel
