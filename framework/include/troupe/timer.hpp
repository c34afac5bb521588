// Timers of actors.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace troupe {

/// A handle to a timer; copies name the same one. Dropping it changes nothing. A default-constructed one names none.
/// Threads and processes: the actor's that made it.
class timer {
 public:
  timer() = default;
  explicit timer(std::uint64_t number) : number_{number} {}
  /// The callback is not called any more. Does nothing to a timer that has run or was cancelled.
  void cancel() const;

 private:
  std::uint64_t number_ = 0;
};

namespace this_actor {

/// Has `callback` called once, after `time`: in an actor of a class as a turn of its own between two messages, so that what
/// it sends leaves together; in a function's process while that waits in the library. Zero or less: as soon as there is a
/// turn. Timers do not keep an actor alive that stops. An exception out of the callback ends the actor. Throws
/// `std::logic_error` outside of actors.
timer after(std::chrono::nanoseconds time, std::function<void()> callback);

/// As `after`, again and again, the first time after `period`, which must be positive (`std::invalid_argument`). Times that
/// were missed, because a handler took long, are left out.
timer every(std::chrono::nanoseconds period, std::function<void()> callback);

/// Has the kernel kill this process (SIGKILL) after `time`, whatever it is doing then: also where it never comes back to the
/// library, blocks all signals or has been stopped. Takes the place of what was said before; `nanoseconds::max()` takes it
/// back. What the process has forked or executed meanwhile is not meant; what it belongs to the system is killed with it, as
/// by `process::kill`. Costs a system call. Throws `std::logic_error` outside of actors, `std::system_error` where the kernel
/// has no timer left (`ulimit -i`).
void kill_after(std::chrono::nanoseconds time);

}  // namespace this_actor

}  // namespace troupe
