// Handlers that wait without holding up their actor.
#pragma once

#include <troupe/detail/coroutine.hpp>
#include <troupe/detail/method.hpp>
#include <troupe/future.hpp>

#include <chrono>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace troupe {

template <class T = void>
class task;

namespace detail {

/// What task<T>'s and task<void>'s promises have in common.
class task_promise_base {
 public:
  std::suspend_always initial_suspend() noexcept { return {}; }
  auto final_suspend() noexcept {
    struct to_whoever_waits {
      std::coroutine_handle<> next;
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<>) noexcept { return next; }
      void await_resume() noexcept {}
    };
    return to_whoever_waits{waiting_};
  }
  void unhandled_exception() noexcept { problem_ = std::current_exception(); }
  void set_waiting(std::coroutine_handle<> who) { waiting_ = who; }

 protected:
  void rethrow() const {
    if (problem_) std::rethrow_exception(problem_);
  }

 private:
  std::coroutine_handle<> waiting_ = std::noop_coroutine();
  std::exception_ptr problem_;
};

template <class T>
class task_promise : public task_promise_base {
 public:
  task<T> get_return_object() noexcept;
  template <class Value>
  void return_value(Value&& value) {
    static_assert(std::is_constructible_v<T, Value>,
                  "troupe: what the task returns cannot be converted to its type");
    value_.emplace(std::forward<Value>(value));
  }
  T take() {
    rethrow();
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class task_promise<void> : public task_promise_base {
 public:
  task<void> get_return_object() noexcept;
  void return_void() noexcept {}
  void take() { rethrow(); }
};

}  // namespace detail

/// What a handler returns that is a coroutine: it may `co_await` an answer, another task or `this_actor::sleep`, and its
/// actor handles other messages meanwhile. The asker sees a `T`.
///
///     troupe::task<int> total() { co_return co_await left_.ask<&counter::total>() + co_await right_.ask<&counter::total>(); }
///
/// Handlers begin in the order of their messages, and at most `spawn_options::in_flight` are suspended at a time: the next
/// coroutine, and what is behind it, then waits in the inbox. Between two suspensions nothing else runs in the actor, and
/// what is sent there leaves together, at the suspension: each such segment is a turn. Arguments live until the coroutine
/// ends, so that `const&` parameters may be used throughout; `*this` is the actor's object, and may have been changed by
/// others after each `co_await`.
///
/// An exception goes to the asker; out of a handler that was told, it ends the actor. A stop lets tasks come to their end
/// first; they die with their process. A caller that gives up has `cancelled` thrown out of the task's current or next
/// `co_await`.
///
/// A task runs only where it is a handler, or awaited by one: calling the coroutine alone does nothing. Move-only. Threads
/// and processes: the actor's.
template <class T>
class [[nodiscard]] task {
 public:
  using promise_type = detail::task_promise<T>;

  explicit task(std::coroutine_handle<promise_type> handle) : handle_{handle} {}
  task(task&& other) noexcept : handle_{std::exchange(other.handle_, nullptr)} {}
  task& operator=(task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~task() {
    if (handle_) handle_.destroy();
  }

  /// Runs the task as a part of the one that awaits it, and takes its result.
  auto operator co_await() && {
    struct awaiter {
      std::coroutine_handle<promise_type> inner;
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> who) const noexcept {
        inner.promise().set_waiting(who);
        return inner;
      }
      T await_resume() const { return inner.promise().take(); }
    };
    return awaiter{handle_};
  }

  [[nodiscard]] std::coroutine_handle<promise_type> handle() const { return handle_; }

 private:
  std::coroutine_handle<promise_type> handle_;
};

namespace detail {

template <class T>
task<T> task_promise<T>::get_return_object() noexcept {
  return task<T>{std::coroutine_handle<task_promise>::from_promise(*this)};
}
inline task<void> task_promise<void>::get_return_object() noexcept {
  return task<void>{std::coroutine_handle<task_promise>::from_promise(*this)};
}

template <class T>
inline constexpr bool is_coroutine<task<T>> = true;
template <class T>
struct answer<task<T>> {
  using type = T;
};

template <class T>
struct future_awaiter {
  future<T>& answer;
  [[nodiscard]] bool await_ready() const {
    const auto& pending = future_access::pending(answer);
    return !pending || pending->settled();
  }
  void await_suspend(std::coroutine_handle<> who) const {
    resume_when_settled(who, *future_access::pending(answer));
  }
  T await_resume() const {
    throw_if_cancelled();
    return answer.get();
  }
};

struct sleep_awaiter {
  std::chrono::nanoseconds time;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> who) const { resume_after(who, time); }
  void await_resume() const { throw_if_cancelled(); }
};

}  // namespace detail

/// Takes the answer, as `get` does, without holding up the actor. In a `task` only.
template <class T>
auto operator co_await(future<T>& answer) {
  return detail::future_awaiter<T>{answer};
}
template <class T>
auto operator co_await(future<T>&& answer) {
  return detail::future_awaiter<T>{answer};
}

namespace this_actor {

/// `co_await this_actor::sleep(time)` goes on after `time`, in a `task`; zero or less lets other messages in.
[[nodiscard]] inline auto sleep(std::chrono::nanoseconds time) { return troupe::detail::sleep_awaiter{time}; }

}  // namespace this_actor

}  // namespace troupe
