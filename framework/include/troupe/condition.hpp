// Waiting, between processes, until something that a lock protects has changed.
#pragma once

#include <troupe/mutex.hpp>

#include <chrono>
#include <mutex>

namespace troupe {

/// A condition between processes: who waits gives up the lock meanwhile, and has it again afterwards. As with
/// `std::condition_variable` a wait may end without cause: use those that take a predicate. Use one mutex with it, always the
/// same. A handle travels in messages and as an argument of `spawn`; copies name the same condition.
///
/// ## Ending
/// A wait ends with `owner_died` where a process dies that has the mutex: then nobody else could notify. The lock is not held
/// after it. A notifier that dies without the mutex goes unnoticed: watch it (`process::on_down`), or use `wait_for`.
/// Inside an actor `stop()` takes effect when the wait is over, `terminate()` and `kill()` at once.
///
/// Threads and processes: any.
class condition : public detail::sync_handle {
 public:
  static constexpr auto kind = detail::sync_kind::condition;
  condition() : sync_handle{detail::make_sync_object(kind)} {}

  /// Waits for a notification. The caller has `lock`; without it `not_held` is thrown. Throws `owner_died`.
  void wait(std::unique_lock<mutex>& lock) const {
    (void)wait_until(lock, std::chrono::steady_clock::time_point::max());
  }
  /// As `wait`; false after `patience`. The lock is held again either way.
  [[nodiscard]] bool wait_for(std::unique_lock<mutex>& lock, std::chrono::nanoseconds patience) const;

  /// Waits until `so()`, which is called with the lock held.
  template <class Predicate>
  void wait(std::unique_lock<mutex>& lock, Predicate so) const {
    while (!so()) wait(lock);
  }
  /// As above; false where it is not `so()` after `patience`.
  template <class Predicate>
  [[nodiscard]] bool wait_for(std::unique_lock<mutex>& lock, std::chrono::nanoseconds patience,
                              Predicate so) const {
    const auto until = deadline_after(patience);
    while (!so()) {
      if (!wait_until(lock, until)) return so();
    }
    return true;
  }

  /// Wakes one that waits, or more: a wake-up must not be lost with a process that dies of something else just then.
  void notify_one() const { notify_all(); }
  void notify_all() const;

 private:
  [[nodiscard]] static std::chrono::steady_clock::time_point deadline_after(
      std::chrono::nanoseconds patience);
  bool wait_until(std::unique_lock<mutex>& lock, std::chrono::steady_clock::time_point until) const;
};

}  // namespace troupe
