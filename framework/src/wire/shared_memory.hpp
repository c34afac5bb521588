// What others send as shared memory.
#pragma once

#include <troupe/detail/byte_stream.hpp>
#include <troupe/detail/shared_memory.hpp>

#include "platform/descriptor.hpp"

#include <memory>
#include <span>
#include <vector>

namespace troupe::wire {

/// Maps memory that another process has sent; memory that this process has already is the same object. Throws
/// `malformed_message` where it is no memory, or could still shrink under whoever reads it, `std::system_error` where it
/// cannot be mapped.
[[nodiscard]] std::shared_ptr<detail::shared_memory> open_shared_memory(platform::descriptor memory);

/// As above, for all of them.
[[nodiscard]] detail::attached_memory open_attached(std::span<platform::descriptor> came);

/// The descriptors to send, behind `before`.
[[nodiscard]] std::vector<int> numbers_of(const detail::attached_memory& attached,
                                          const platform::descriptor& before);

}  // namespace troupe::wire
