// Messages as bytes, for what passes them on without knowing their types.
#pragma once

#include <troupe/message.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace troupe {

/// Values one behind the other, as they travel. Only for processes of one system: both ends run the same program.
using packed_bytes = std::vector<std::byte>;

/// What a value takes in a message.
struct message_extent {
  std::size_t size = 0;            ///< bytes
  std::size_t shared_objects = 0;  ///< shared memory beside them: what has some cannot be packed
};
template <message T>
[[nodiscard]] message_extent extent_of(const T& value) {
  if constexpr (detail::fixed_size<T>() != 0) return {detail::fixed_size<T>(), 0};
  detail::attached_memory attached;
  detail::byte_writer measure{attached};
  detail::encode(measure, value);
  return {measure.size(), attached.size()};
}
/// The most shared objects that one message carries.
inline constexpr std::size_t max_shared_objects = detail::max_attachments;

/// How many bytes `value` is when packed.
template <message T>
[[nodiscard]] std::size_t packed_size(const T& value) {
  return extent_of(value).size;
}

/// Appends `value`. Throws what its `serialize` throws, and `std::logic_error` for shared memory, which is no bytes; then
/// `bytes` is as before.
template <message T>
void pack_onto(packed_bytes& bytes, const T& value) {
  const auto at = bytes.size();
  detail::byte_writer measure;
  detail::encode(measure, value);
  bytes.resize(at + measure.size());
  try {
    detail::byte_writer out{std::span{bytes}.subspan(at)};
    detail::encode(out, value);
  } catch (...) {
    bytes.resize(at);
    throw;
  }
}

/// Packs `value` at the beginning of `room` and returns how many bytes it took; nullopt where it does not fit, or has shared
/// memory. Throws what its `serialize` throws.
template <message T>
[[nodiscard]] std::optional<std::size_t> pack_into(std::span<std::byte> room, const T& value) {
  const auto extent = extent_of(value);
  if (extent.shared_objects != 0 || extent.size > room.size()) return std::nullopt;
  detail::byte_writer out{room.first(extent.size)};
  detail::encode(out, value);
  return extent.size;
}

template <message T>
[[nodiscard]] packed_bytes pack(const T& value) {
  packed_bytes bytes;
  pack_onto(bytes, value);
  return bytes;
}

/// Takes packed values apart, in the order in which they were packed. Inside an actor, handles in them work as those of any
/// message; elsewhere a handle in them is refused. Keeps a view of the bytes. Threads: one at a time.
class unpacker {
 public:
  explicit unpacker(std::span<const std::byte> bytes);
  /// The next value. Throws `malformed_message` where the bytes are none.
  template <message T>
  [[nodiscard]] T next() {
    return detail::decode<T>(in_);
  }
  [[nodiscard]] bool has_more() const { return in_.left() != 0; }
  /// Throws `malformed_message` where something is left.
  void finish() const {
    if (in_.left() != 0) detail::throw_message_too_long(in_.left());
  }

 private:
  std::shared_ptr<detail::endpoint> where_;
  detail::byte_reader in_;
};

/// The value that `bytes` are, all of them. Throws `malformed_message`.
template <message T>
[[nodiscard]] T unpack(std::span<const std::byte> bytes) {
  unpacker from{bytes};
  auto value = from.next<T>();
  from.finish();
  return value;
}

}  // namespace troupe
