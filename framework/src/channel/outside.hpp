// Large payloads: each in a memfd of its own, written once by its sender, sealed, and read in place.
#pragma once

#include <troupe/detail/body.hpp>

#include "channel/pinned.hpp"
#include "platform/memory.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace troupe::channel {

/// Encodes `values` straight into new memory, which nobody can write to afterwards. `size` of it is at least 1. Throws
/// `std::system_error` where memory is short, and what the values' encoding throws.
[[nodiscard]] platform::descriptor write_outside(const char* label, const detail::body& values);

/// Memory that holds a payload, mapped for reading. Any thread.
class outside_payload : public pinned {
 public:
  /// Throws `malformed_message` where `memory` is not sealed or has less than `size` bytes, `std::system_error` where it
  /// cannot be mapped.
  outside_payload(const platform::descriptor& memory, std::uint64_t size);
  [[nodiscard]] std::span<const std::byte> bytes() const { return mapped_.bytes(); }

 private:
  platform::mapping mapped_;
};

/// What came beside a frame: the shared memory of its values, and what its payload lies in. Any thread.
class frame_company : public pinned {
 public:
  frame_company(detail::attached_memory attached, pin payload)
      : attached_{std::move(attached)}, payload_{std::move(payload)} {}
  [[nodiscard]] const detail::attached_memory& attached() const { return attached_; }

 private:
  detail::attached_memory attached_;
  pin payload_;
};

}  // namespace troupe::channel
