// Memory that is handed from process to process, without copying.
#pragma once

#include <troupe/detail/shared_object.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility>

namespace troupe {

class sealed_buffer;

/// Bytes with one owner at a time: writable, and yours alone until you send them. To send the buffer, in a message, a reply
/// or as an argument of `spawn`, hands it over: what travels is the right to the memory, whatever its size, and the handle
/// here is empty from then on, whether or not the send succeeded (`tell(std::move(buffer))`; a second send of it throws
/// `std::logic_error`). It does not travel in what is packed (a pool's tasks), nor in a queue, which would have to copy it.
///
/// To give the bytes to several processes at once, `seal()` them.
///
/// An actor on another node gets a copy, which takes time in proportion to the size; here the handle is empty all the same.
///
/// ## Ending
/// The memory has no name. The kernel frees it with its last holder, a process or a message under way, also when all of them
/// die at once.
///
/// Threads: one at a time. Processes: one at a time, as above; one that kept pointers into what it gave away faults.
class shared_buffer {
 public:
  /// Empty.
  shared_buffer() = default;
  /// `size` bytes, zeroed. Throws `std::length_error` for a negative or impossible size, `std::system_error` where there is no
  /// memory or no descriptor left.
  explicit shared_buffer(std::size_t size)
      : size_{size},
        memory_{detail::make_shared_memory("troupe-buffer", detail::shared_size("shared_buffer", size, 1))} {}
  shared_buffer(shared_buffer&&) noexcept = default;
  shared_buffer& operator=(shared_buffer&&) noexcept = default;
  ~shared_buffer() = default;

  [[nodiscard]] std::size_t size() const { return memory_ ? size_ : 0; }
  /// Whether there is something in this handle.
  [[nodiscard]] explicit operator bool() const { return memory_ != nullptr; }

  /// Throws `std::logic_error` for an empty handle.
  [[nodiscard]] std::span<std::byte> bytes() const {
    if (!memory_) detail::throw_no_shared_memory("shared_buffer");
    return memory_->bytes().first(size_);
  }
  /// The bytes as so many whole `T`.
  template <class T>
  [[nodiscard]] std::span<T> as() const {
    static_assert(detail::check_shareable<T>());
    return {std::launder(reinterpret_cast<T*>(bytes().data())), size_ / sizeof(T)};
  }

  /// Makes the bytes read-only, for good and everywhere, which the kernel enforces; this handle is empty afterwards. Takes
  /// time in proportion to the size. Throws `std::logic_error` for an empty handle; `std::system_error` where some process
  /// still writes there: one that did not let go of what it gave away.
  [[nodiscard]] sealed_buffer seal() &&;

 private:
  friend struct detail::wire_form<shared_buffer>;
  std::size_t size_ = 0;
  mutable std::shared_ptr<detail::shared_memory> memory_;
  mutable bool sent_ = false;
};

/// Bytes that nobody can change any more. Copies of the handle name the same memory, and travel as `shared_buffer` does, to
/// any number of processes; on another node each that arrives is memory of its own.
///
/// Threads and processes: any; one handle object is for one thread at a time.
class sealed_buffer {
 public:
  /// Empty.
  sealed_buffer() = default;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] explicit operator bool() const { return memory_ != nullptr; }

  /// Valid as long as any handle to the buffer lives in this process. Throws `std::logic_error` for an empty handle.
  [[nodiscard]] std::span<const std::byte> bytes() const {
    if (!memory_) detail::throw_no_shared_memory("sealed_buffer");
    return memory_->bytes().first(size_);
  }
  /// The bytes as so many whole `T`.
  template <class T>
  [[nodiscard]] std::span<const T> as() const {
    static_assert(detail::check_shareable<T>());
    return {std::launder(reinterpret_cast<const T*>(bytes().data())), size_ / sizeof(T)};
  }

 private:
  friend class shared_buffer;
  friend struct detail::wire_form<sealed_buffer>;
  std::size_t size_ = 0;
  std::shared_ptr<detail::shared_memory> memory_;
};

inline sealed_buffer shared_buffer::seal() && {
  static_cast<void>(bytes());
  memory_->seal();
  sealed_buffer sealed;
  sealed.size_ = size_;
  sealed.memory_ = std::move(memory_);
  return sealed;
}

namespace detail {

struct shared_buffer_form {
  attachment memory;
  std::uint64_t size = 0;
};
/// Throws `malformed_message` where that is not what the message says it is.
void check_buffer(const shared_buffer_form& came, bool sealed);

template <>
struct wire_form<shared_buffer> {
  static shared_buffer_form to(const shared_buffer& buffer) {
    return {{buffer.memory_, {.had_some = buffer.sent_, .is_plain = true}}, buffer.size_};
  }
  static void sent(const shared_buffer& buffer) {
    if (!buffer.memory_) return;
    // At once, not with the message: whoever gets it may want to seal it.
    buffer.memory_->release();
    buffer.memory_.reset();
    buffer.sent_ = true;
  }
  static shared_buffer from(const shared_buffer_form& came, endpoint*) {
    check_buffer(came, false);
    shared_buffer buffer;
    buffer.size_ = static_cast<std::size_t>(came.size);
    buffer.memory_ = came.memory.memory_or_copy();
    return buffer;
  }
};

template <>
struct wire_form<sealed_buffer> {
  static shared_buffer_form to(const sealed_buffer& buffer) {
    return {{buffer.memory_, {.is_plain = true}}, buffer.size_};
  }
  static sealed_buffer from(const shared_buffer_form& came, endpoint*) {
    check_buffer(came, true);
    sealed_buffer buffer;
    buffer.size_ = static_cast<std::size_t>(came.size);
    buffer.memory_ = came.memory.memory_or_copy();
    return buffer;
  }
};

}  // namespace detail
}  // namespace troupe
