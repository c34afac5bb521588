// Handlers that are coroutines, as the runtime sees them.
#pragma once

#include <troupe/detail/endpoint.hpp>

#include <chrono>
#include <coroutine>
#include <memory>

namespace troupe::detail {

/// A handler that has been called and has not begun, with the arguments that it may refer to. Destroying it destroys the
/// coroutine wherever it is.
class coroutine_handler {
 public:
  coroutine_handler() = default;
  coroutine_handler(const coroutine_handler&) = delete;
  coroutine_handler& operator=(const coroutine_handler&) = delete;
  virtual ~coroutine_handler() = default;

  [[nodiscard]] virtual std::coroutine_handle<> handle() const = 0;
  /// Once it is done: gives its result to `to`, or throws what it ended with.
  virtual void answer(replier& to) = 0;
};

/// Runs `what`, which handles the current message, up to its first suspension, and keeps it until its end.
void begin_coroutine(std::unique_ptr<coroutine_handler> what, replier& reply);

// For awaiters; each throws `std::logic_error` where no handler that is a coroutine runs.

/// Has the current handler go on at `where` once `what` is settled.
void resume_when_settled(std::coroutine_handle<> where, pending_reply& what);
/// Has the current handler go on at `where` after that time.
void resume_after(std::coroutine_handle<> where, std::chrono::nanoseconds time);
/// Throws `cancelled`, once, where whoever asked has given the answer up.
void throw_if_cancelled();

}  // namespace troupe::detail
