// One value that several processes have.
#pragma once

#include <troupe/detail/shared_object.hpp>

#include <atomic>
#include <memory>

namespace troupe {

/// A `T` in memory that processes share: what one of them writes, the others read. A handle travels in messages and as an
/// argument of `spawn`; copies of it name the same value. (Not in what is packed: a pool's tasks, a topology's items.)
///
/// The value is memory, nothing more: two processes that change it at the same time need a `troupe::mutex`, or the atomic
/// members below, which are for types that the machine changes at once (numbers, and classes of up to 8 or 16 bytes).
///
/// ## Ending
/// The memory has no name. The kernel frees it when the last process that has a handle drops it or ends, however it ends. A
/// process that dies in the middle of a change leaves the value half changed.
///
/// Threads and processes: any, with the care above; one handle object is for one thread at a time.
template <class T>
class shared_value {
  static_assert(detail::check_shareable<T>());

 public:
  /// No value yet: anything but assignment throws `std::logic_error`.
  shared_value() = default;
  /// New shared memory that holds `initial`. Throws `std::system_error` where there is no memory or no descriptor left.
  explicit shared_value(const T& initial) : memory_{detail::make_shared_memory("troupe-value", sizeof(T))} {
    std::construct_at(address(), initial);
  }

  [[nodiscard]] T& operator*() const { return *address(); }
  [[nodiscard]] T* operator->() const { return address(); }
  [[nodiscard]] explicit operator bool() const { return memory_ != nullptr; }

  /// Each of these is one step for all processes.
  [[nodiscard]] T load() const { return atomic().load(); }
  void store(T value) const { atomic().store(value); }
  T exchange(T value) const { return atomic().exchange(value); }  ///< the value before
  /// Stores `wanted` where the value is `expected`; else false, and `expected` is the value.
  bool compare_exchange(T& expected, T wanted) const {
    return atomic().compare_exchange_strong(expected, wanted);
  }
  T fetch_add(T amount) const requires detail::addable<T> {
    return atomic().fetch_add(amount);
  }  ///< the value before
  T fetch_sub(T amount) const requires detail::addable<T> {
    return atomic().fetch_sub(amount);
  }  ///< the value before

 private:
  friend struct detail::wire_form<shared_value>;
  [[nodiscard]] T* address() const {
    if (!memory_) detail::throw_no_shared_memory("shared_value");
    return std::launder(reinterpret_cast<T*>(memory_->bytes().data()));
  }
  [[nodiscard]] std::atomic_ref<T> atomic() const {
    static_assert(detail::check_atomic<T>());
    return std::atomic_ref<T>{*address()};
  }

  std::shared_ptr<detail::shared_memory> memory_;
};

template <class T>
struct detail::wire_form<shared_value<T>> {
  static attachment to(const shared_value<T>& value) { return attachment{value.memory_}; }
  static shared_value<T> from(const attachment& came, endpoint*) {
    if (came.memory()) check_shared_memory(came.memory().get(), sizeof(T), "shared_value");
    shared_value<T> value;
    value.memory_ = came.memory();
    return value;
  }
};

}  // namespace troupe
