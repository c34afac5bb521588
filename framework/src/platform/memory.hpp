// Anonymous shared memory (memfd) and its mappings. Nothing here has a name in the file system.
#pragma once

#include "platform/descriptor.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>

namespace troupe::platform {

/// Creates a memfd of `size` bytes, zero-filled, pages taken on first touch. `label` shows in /proc only.
/// It can neither shrink nor grow afterwards, so that a mapping never faults. Throws `std::system_error`.
[[nodiscard]] descriptor create_shared_memory(const char* label, std::size_t size);

/// As above, but empty, and as large as what is written to it.
[[nodiscard]] descriptor create_growing_memory(const char* label);
/// What is at its beginning, as from a file. Throws `std::system_error`, also where it has less.
void read_front(const descriptor& memory, std::span<std::byte> into);

/// Gives back all that a growing memory has: who has it mapped must not touch it any more. Throws `std::system_error`.
void empty(const descriptor& memory);

/// Writes `bytes`, as to a file. Throws `std::system_error`, also where memory is short.
void write_at(const descriptor& memory, std::span<const std::byte> bytes, std::size_t offset);

/// Takes all of the memory's `size` bytes now, where it would be taken page by page on first touch and a shortage would be a
/// SIGBUS. Throws `std::system_error`.
void allocate(const descriptor& memory, std::size_t size);

/// Refuses every later write to the memfd (F_SEAL_WRITE). Throws while a writable mapping of it exists.
void seal_writes(const descriptor& memory);

/// The size in bytes of the memory behind a descriptor that another process may have sent: not to be trusted further
/// than this call. Throws `std::system_error`.
[[nodiscard]] std::size_t memory_size(const descriptor& memory);

/// Tells memories apart, as long as somebody has them.
struct memory_identity {
  std::uint64_t device = 0;
  std::uint64_t number = 0;
  friend auto operator<=>(const memory_identity&, const memory_identity&) = default;  // NOLINT(*-use-nullptr)
};
[[nodiscard]] memory_identity identity_of(const descriptor& memory);

/// Whether the memory can no longer shrink: only then is a mapping of it safe from SIGBUS.
[[nodiscard]] bool cannot_shrink(const descriptor& memory);

/// Whether the memory can neither shrink nor be written to any more.
[[nodiscard]] bool is_sealed(const descriptor& memory);

enum class access { read, read_write };

/// A mapping of shared memory; unmapped with its owner. Move-only.
class mapping {
 public:
  mapping() = default;
  mapping(mapping&& other) noexcept;
  mapping& operator=(mapping&& other) noexcept;
  ~mapping();

  /// Maps `size` bytes from `offset` (a multiple of the page size). Throws `std::system_error`.
  [[nodiscard]] static mapping map(const descriptor& memory, access rights, std::size_t offset,
                                   std::size_t size);

  /// As `map` from the beginning, and with all pages in place: for who will touch each, a fault a page costs more than the
  /// copying.
  [[nodiscard]] static mapping map_at_once(const descriptor& memory, access rights, std::size_t size);

  /// Maps the same `size` bytes twice, one copy behind the other, so that a ring's contents are contiguous wherever they
  /// begin. `bytes()` then has 2 * `size` bytes.
  [[nodiscard]] static mapping map_ring(const descriptor& memory, access rights, std::size_t offset,
                                        std::size_t size);

  /// Children by fork do not have it: each mapping makes a fork dearer, and keeps the memory for as long as they live.
  void keep_from_children() const noexcept;

  [[nodiscard]] std::span<std::byte> bytes() const { return {address_, size_}; }
  explicit operator bool() const { return address_ != nullptr; }

 private:
  mapping(std::byte* address, std::size_t size) : address_{address}, size_{size} {}
  std::byte* address_ = nullptr;
  std::size_t size_ = 0;
};

/// Asks for large pages for memory of this process's own; where there are none, nothing changes.
void prefer_large_pages(void* memory, std::size_t size) noexcept;

/// Has pages of this process in place that it will probably touch: its program's code, and its own copies of what it shares
/// with who forked it, as far as that is small. A page that is touched costs a fault otherwise. What it may, and no more.
void have_pages_ready() noexcept;
/// Where they are, for children by fork to inherit.
void find_pages_to_have_ready() noexcept;

/// Bytes of one memory page.
[[nodiscard]] std::size_t page_size();

}  // namespace troupe::platform
