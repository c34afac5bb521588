// Values as bytes, for what passes through hands that do not know its type.
#pragma once

#include <troupe/packed.hpp>

namespace troupe::detail {

using packed = packed_bytes;

template <message T>
void pack_erased(packed& bytes, const void* value) {
  pack_onto(bytes, *static_cast<const T*>(value));
}

}  // namespace troupe::detail
