// Anonymous memory that several processes have.
#pragma once

#include <troupe/detail/attachment.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace troupe::detail {

/// Memory without a name that processes share; what this process has of it. The kernel frees it with its last holder: a
/// process, or a message under way. A process maps the same memory once, however often it comes in: all handles to it
/// share this object.
///
/// Threads: any; `release` only where nobody else uses the bytes.
class shared_memory {
 public:
  shared_memory() = default;
  shared_memory(const shared_memory&) = delete;
  shared_memory& operator=(const shared_memory&) = delete;
  virtual ~shared_memory() = default;

  /// The memory as it is mapped here, whole pages; writable but where it is sealed.
  [[nodiscard]] virtual std::span<std::byte> bytes() const = 0;
  /// Whether nobody can write to it any more.
  [[nodiscard]] virtual bool is_sealed() const = 0;
  /// Its descriptor, for sending.
  [[nodiscard]] virtual int descriptor() const = 0;

  /// Takes the bytes away from this process, which keeps the descriptor.
  virtual void release() = 0;
  /// Makes it read-only, for good and for all processes. Throws `std::system_error` where another one has it for writing.
  virtual void seal() = 0;
};

/// New memory of `size` bytes, zeroed, all of it taken now: never a fault for want of memory later. `label` shows in
/// /proc/<pid>/fd only. Throws `std::system_error`; `std::length_error` for a size that no memory has (a negative one).
[[nodiscard]] std::shared_ptr<shared_memory> make_shared_memory(const char* label, std::size_t size);

/// Bytes of `count` elements. Throws `std::length_error` where no memory has as many; `what` is of which.
[[nodiscard]] std::size_t shared_size(const char* what, std::size_t count, std::size_t element_size);

/// Throws `std::logic_error`: a handle that names none was used; `what` is "shared_array".
[[noreturn]] void throw_no_shared_memory(const char* what);
/// Throws `malformed_message` where what came is smaller than its message says.
void check_shared_memory(const shared_memory* memory, std::size_t size, const char* what);

}  // namespace troupe::detail
