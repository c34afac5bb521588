// The answer to an ask.
#pragma once

#include <troupe/detail/codec.hpp>
#include <troupe/detail/endpoint.hpp>
#include <troupe/errors.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace troupe {

namespace detail {
struct future_access {
  template <class Future>
  static const std::shared_ptr<pending_reply>& pending(const Future& of) {
    return of.pending_;
  }
};
}  // namespace detail

/// The answer to one ask, now or later. Every ask ends: in a value, in the handler's exception, or in `actor_down` when the
/// actor's process dies, whatever it was doing.
///
/// Dropping a future abandons the answer, not the call: the handler runs all the same. Move-only; the value is taken once.
/// Threads: one at a time may use a future; different futures are independent. Processes: stays in the one that asked.
/// Inside an actor, waiting lets only replies and system messages in; other messages keep their order behind it.
template <class T>
class future {
 public:
  future() = default;
  explicit future(std::shared_ptr<detail::pending_reply> pending) : pending_{std::move(pending)} {}

  /// Waits for the answer and takes it. Throws what the handler threw (standard exceptions as their own type, others as
  /// `remote_exception`), `actor_down`, `broken_promise`, `system_stopped`; `std::logic_error` where there is no answer to
  /// take: taken already, or never asked.
  T get() { return take(detail::no_deadline); }

  /// As `get`, but throws `timeout` after `patience`; the future can then be asked again.
  T get(std::chrono::nanoseconds patience) { return take(detail::deadline_in(patience)); }

  /// Waits up to `patience`; true once `get` would not wait. A `patience` of zero or less looks without waiting.
  [[nodiscard]] bool wait_for(std::chrono::nanoseconds patience) const {
    return checked().wait(detail::deadline_in(patience));
  }

  /// As `get`, by the name that concurrent.futures has.
  T result() { return get(); }
  T result(std::chrono::nanoseconds patience) { return get(patience); }

  /// Whether `get` would not wait. Does not block.
  [[nodiscard]] bool ready() const { return checked().ready(); }
  /// As `ready`: there is a value, an error, or it has been cancelled.
  [[nodiscard]] bool done() const { return ready(); }
  /// Whether the handler has begun and has not answered, as far as can be seen from here. Does not block.
  [[nodiscard]] bool running() const { return !ready() && checked().has_begun(); }

  /// Which of the actor's processes has answered: how often the actor had been started before that one, modulo 65,536; 0
  /// too where the answer came by way of others, as a pool's. Once it is ready, and before `get`. Of an actor that died
  /// instead, `actor_down::status()` says it.
  [[nodiscard]] std::uint32_t incarnation() const { return checked().incarnation(); }

  /// Gives the answer up, where it is not there yet: `get` throws `cancelled` from here on, and the actor is told, ahead of
  /// all messages. A call whose handler has not begun is then never run; a handler that is a coroutine has `cancelled` thrown
  /// out of its current or next `co_await`; an ordinary one may look at `this_actor::cancel_requested()`. What has been done
  /// by then stays done. Returns at once.
  void cancel() { checked().cancel(); }

  /// What `get` would throw, without taking the answer; null where it would return. Only once it is ready: before that it
  /// waits.
  [[nodiscard]] std::exception_ptr exception() const {
    checked().wait(detail::no_deadline);
    try {
      (void)checked().result();
      return nullptr;
    } catch (...) {
      return std::current_exception();
    }
  }

  /// Has `callback` called with this future once it is ready: it takes a `future<T>`, and its `get` tells an error too.
  /// Called exactly once, also where the answer is there already, the actor has died or the system is stopped. This future
  /// is empty afterwards.
  ///
  /// In a host it runs on the system's background thread (it must not block there: hand the work on), after the system's end
  /// on the calling thread; in an actor as a turn of its own between two messages, so that what it sends leaves together; in
  /// a function's process while that waits in the library. A process that ends before the answer comes does not call it.
  /// Exceptions from it end the process that threw.
  template <class Callback>
  void then(Callback callback) {
    static_assert(std::is_invocable_v<Callback&, future<T>>,
                  "troupe: the callback of then takes the ready future: [](troupe::future<T> answer) {...}");
    const auto answered = checked_pending();
    struct continuation {
      future<T> answer;
      Callback callback;
    };
    auto what = std::make_shared<continuation>(continuation{std::move(*this), std::move(callback)});
    answered->then([what = std::move(what)] { what->callback(std::move(what->answer)); });
  }

  /// As above, but `callback` runs where `post` brings it: `post` is called, as a callback itself, with a copyable function
  /// without arguments and must have it run, once. For an event loop of the host's own:
  ///
  ///     answer.then([&](auto run) { boost::asio::post(context, std::move(run)); }, [](auto ready) { use(ready.get()); });
  template <class Post, class Callback>
  void then(Post post, Callback callback) {
    static_assert(std::is_invocable_v<Callback&, future<T>>,
                  "troupe: the callback of then takes the ready future: [](troupe::future<T> answer) {...}");
    then([post = std::move(post), callback = std::move(callback)](future<T> ready) mutable {
      const auto both =
          std::make_shared<std::pair<Callback, future<T>>>(std::move(callback), std::move(ready));
      post([both] { both->first(std::move(both->second)); });
    });
  }

  /// Whether there is an answer to come or to take.
  [[nodiscard]] bool valid() const { return pending_ != nullptr; }

 private:
  friend struct detail::future_access;
  const std::shared_ptr<detail::pending_reply>& checked_pending() const {
    if (!pending_)
      throw std::logic_error{"troupe::future: no answer to take: it was taken already, or nothing was asked"};
    return pending_;
  }
  detail::pending_reply& checked() const { return *checked_pending(); }
  T take(detail::deadline until) {
    if (!checked().wait(until))
      throw timeout{"the answer did not come in time; the call goes on, and can be waited for again"};
    const auto answered = std::exchange(pending_, nullptr);
    auto bytes = answered->result();
    if constexpr (!std::is_void_v<T>) return detail::decode<T>(bytes);
  }

  std::shared_ptr<detail::pending_reply> pending_;
};

}  // namespace troupe
