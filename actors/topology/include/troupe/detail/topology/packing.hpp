// Values as bytes, for what passes through hands that do not know its type.
#pragma once

#include <troupe/message.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace troupe::detail {

using packed = std::vector<std::byte>;

/// Appends the encoded `value`.
template <message T>
void pack(packed& bytes, const T& value) {
  byte_writer measure;
  encode(measure, value);
  const auto at = bytes.size();
  bytes.resize(at + measure.size());
  byte_writer out{std::span{bytes}.subspan(at)};
  encode(out, value);
}

template <message T>
void pack_erased(packed& bytes, const void* value) {
  pack(bytes, *static_cast<const T*>(value));
}

template <message T>
[[nodiscard]] packed packed_of(const T& value) {
  packed bytes;
  pack(bytes, value);
  return bytes;
}

/// The value that `bytes` are, all of them. Handles in it belong to `where`. Throws `malformed_message`.
template <message T>
[[nodiscard]] T unpack(std::span<const std::byte> bytes, endpoint* where) {
  byte_reader in{bytes, where};
  auto value = decode<T>(in);
  if (in.left() != 0) throw_message_too_long(in.left());
  return value;
}

}  // namespace troupe::detail
