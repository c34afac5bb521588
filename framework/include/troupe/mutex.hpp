// Mutual exclusion between processes.
#pragma once

#include <troupe/detail/sync_handle.hpp>
#include <troupe/errors.hpp>

#include <chrono>

namespace troupe {

class condition;

namespace detail {

/// What `mutex` and `recursive_mutex` have in common.
class lockable : public sync_handle {
 public:
  /// Waits until the caller has the lock. Throws `owner_died` where its owner ended without unlocking it: the caller then does
  /// not have it, nor does anyone until `recover`.
  void lock() const;
  /// False, at once, where somebody else has it. Throws `owner_died`.
  [[nodiscard]] bool try_lock() const;
  /// False where somebody else still has it after `patience`; zero or less does not wait. Throws `owner_died`.
  [[nodiscard]] bool try_lock_for(std::chrono::nanoseconds patience) const;
  /// Throws `not_held` where the calling thread does not have it.
  void unlock() const;

  /// As `lock`, but takes the lock also where its owner died. True: that was so, and what the lock protects is as that one
  /// left it, for the caller to judge and mend; false: another one has recovered before, or nobody died. Either way the
  /// caller has the lock, and to others it is whole again.
  [[nodiscard]] bool recover() const;

 protected:
  friend class troupe::condition;
  using sync_handle::sync_handle;
};

}  // namespace detail

/// A lock between the threads of any number of processes: what one of them protects with it, no other touches meanwhile. Works
/// with `std::lock_guard`, `std::unique_lock` and `std::scoped_lock`. A handle travels in messages and as an argument of
/// `spawn`; copies name the same lock. To lock it twice in one thread throws `would_deadlock`.
///
/// ## Ending
/// Where a process or thread ends, or drops its process's last handle, while it has the lock, who waits and whoever tries
/// later get `owner_died`: nobody is blocked. The data may be half changed; who can mend it, or can do without, calls `recover()`.
///
/// Waiting here is the kernel's: inside an actor, `stop()` takes effect when the wait is over, `terminate()` and `kill()` at
/// once. Circles of processes that wait for each other's locks are not detected.
///
/// Threads and processes: any; the thread that locked it unlocks it.
class mutex : public detail::lockable {
 public:
  static constexpr auto kind = detail::sync_kind::mutex;
  /// A new lock. Its memory is taken when it is used or sent first: that throws `std::system_error` where there is none.
  mutex() : lockable{detail::make_sync_object(kind)} {}
};

/// As `mutex`, but the thread that has it may lock it again, and unlocks it as often.
class recursive_mutex : public detail::lockable {
 public:
  static constexpr auto kind = detail::sync_kind::recursive_mutex;
  recursive_mutex() : lockable{detail::make_sync_object(kind)} {}
};

}  // namespace troupe
