// An array that several processes have.
#pragma once

#include <troupe/detail/shared_object.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

namespace troupe {

/// A fixed number of `T` in memory that processes share: what one of them writes, the others read. A handle travels in
/// messages and as an argument of `spawn`; copies of it name the same elements. (Not in what is packed: a
/// pool's tasks.)
///
/// Processes that write different elements need nothing else. Where two write the same, they need a `troupe::mutex`, or the
/// atomic members, which are for types that the machine changes at once.
///
/// ## Ending
/// The memory has no name. The kernel frees it when the last process that has a handle drops it or ends, however it ends.
///
/// Threads and processes: any, with the care above; one handle object is for one thread at a time.
template <class T>
class shared_array {
  static_assert(detail::check_shareable<T>());

 public:
  /// No array yet: anything but assignment throws `std::logic_error`.
  shared_array() = default;
  /// `count` elements, all of them `initial`. Throws `std::length_error` for a negative or impossible size,
  /// `std::system_error` where there is no memory or no descriptor left.
  explicit shared_array(std::size_t count, const T& initial = T{})
      : size_{count},
        memory_{detail::make_shared_memory("troupe-array",
                                           detail::shared_size("shared_array", count, sizeof(T)))} {
    std::uninitialized_fill_n(address(), count, initial);
  }
  /// A copy of these elements.
  explicit shared_array(std::span<const T> elements)
      : size_{elements.size()}, memory_{detail::make_shared_memory("troupe-array", elements.size_bytes())} {
    std::uninitialized_copy_n(elements.begin(), elements.size(), address());
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  /// Valid as long as any handle to the array lives in this process.
  [[nodiscard]] std::span<T> span() const { return {address(), size_}; }
  [[nodiscard]] T* begin() const { return address(); }
  [[nodiscard]] T* end() const { return address() + size_; }
  [[nodiscard]] explicit operator bool() const { return memory_ != nullptr; }

  [[nodiscard]] T& operator[](std::size_t index) const { return address()[index]; }
  /// Throws `std::out_of_range`.
  [[nodiscard]] T& at(std::size_t index) const {
    if (index >= size_) {
      throw std::out_of_range{"troupe::shared_array: there is no element " + std::to_string(index) + " of " +
                              std::to_string(size_)};
    }
    return address()[index];
  }

  /// One element as an atomic: each operation of it is one step for all processes. Throws `std::out_of_range`.
  [[nodiscard]] std::atomic_ref<T> atomic(std::size_t index) const {
    static_assert(detail::check_atomic<T>());
    return std::atomic_ref<T>{at(index)};
  }
  /// Adds to one element, in one step for all processes; the value before. Throws `std::out_of_range`.
  T fetch_add(std::size_t index, T amount) const requires detail::addable<T> {
    return atomic(index).fetch_add(amount);
  }

 private:
  friend struct detail::wire_form<shared_array>;
  [[nodiscard]] T* address() const {
    if (!memory_) detail::throw_no_shared_memory("shared_array");
    return std::launder(reinterpret_cast<T*>(memory_->bytes().data()));
  }

  std::size_t size_ = 0;
  std::shared_ptr<detail::shared_memory> memory_;
};

namespace detail {

struct shared_array_form {
  attachment memory;
  std::uint64_t size = 0;
};

template <class T>
struct wire_form<shared_array<T>> {
  static shared_array_form to(const shared_array<T>& array) {
    return {attachment{array.memory_}, array.size_};
  }
  static shared_array<T> from(const shared_array_form& came, endpoint*) {
    const auto& memory = came.memory.memory();
    // By division: a stranger's size must not wrap round.
    if (came.size != 0 && (!memory || came.size > memory->bytes().size() / sizeof(T)))
      check_shared_memory(nullptr, came.size, "shared_array");
    shared_array<T> array;
    array.size_ = static_cast<std::size_t>(came.size);
    array.memory_ = memory;
    return array;
  }
};

}  // namespace detail
}  // namespace troupe
