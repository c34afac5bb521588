// Something that happens once, or is so for a while, told to any number of processes.
#pragma once

#include <troupe/detail/sync_handle.hpp>

#include <chrono>

namespace troupe {

/// A flag that processes wait for. Clear at first. A handle travels in messages and as an argument of `spawn`; copies name the
/// same event.
///
/// An event has no owner: who waits for one that a dead process should have set waits on. Watch that process
/// (`process::on_down`), or use `wait_for`. Waiting ends as that at a `mutex`.
///
/// Threads and processes: any.
class event : public detail::sync_handle {
 public:
  static constexpr auto kind = detail::sync_kind::event;
  event() : sync_handle{detail::make_sync_object(kind)} {}

  /// Everyone who waits goes on, and nobody waits from now on. A waiter goes on also where `clear` comes at once.
  void set() const;
  void clear() const;
  [[nodiscard]] bool is_set() const;

  /// Returns at once where it is set.
  void wait() const;
  /// False where it has not been set within `patience`; zero or less does not wait.
  [[nodiscard]] bool wait_for(std::chrono::nanoseconds patience) const;
};

}  // namespace troupe
