// What may lie in shared memory.
#pragma once

#include <troupe/detail/codec_shapes.hpp>
#include <troupe/detail/shared_memory.hpp>

#include <atomic>
#include <new>
#include <type_traits>

namespace troupe::detail {

class endpoint;

/// Whether a `T` can lie in shared memory; says why not.
template <class T>
consteval bool check_shareable() {
  static_assert(!std::is_pointer_v<T> && !std::is_reference_v<T>,
                "troupe: a pointer in shared memory means nothing to the other processes: share the value, "
                "or an index into a shared_array");
  static_assert(
      std::is_trivially_copyable_v<T>,
      "troupe: only a trivially copyable type can lie in shared memory (numbers, and classes of such "
      "members): what std::string or std::vector allocate lies in one process's own memory; use std::array, "
      "or send the value in a message");
  static_assert(!std::is_const_v<T> && !std::is_volatile_v<T>,
                "troupe: leave the const away: shared memory is there to be written to");
  static_assert(alignof(T) <= 4096,
                "troupe: shared memory is aligned to 4096 bytes, and this type wants more");
  return true;
}

/// Whether the machine changes a `T` in one step, with no lock: a lock would be one process's own.
template <class T>
consteval bool check_atomic() {
  static_assert(
      std::atomic_ref<T>::is_always_lock_free && std::atomic_ref<T>::required_alignment <= alignof(T),
      "troupe: this type is too large for the machine to change at once: take a troupe::mutex");
  return true;
}

template <class T>
concept addable = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

}  // namespace troupe::detail
