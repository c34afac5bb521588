// An answer that a handler gives later.
#pragma once

#include <troupe/detail/body.hpp>
#include <troupe/detail/endpoint.hpp>

#include <exception>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe {

namespace detail {

/// What the copies of a promise share: an answer that came before its question's address, or the address. Single-threaded.
class deferred_answer {
 public:
  deferred_answer();
  ~deferred_answer();
  deferred_answer(const deferred_answer&) = delete;
  deferred_answer& operator=(const deferred_answer&) = delete;

  void bind(std::unique_ptr<replier> reply);
  void value(const body& result);
  void error(std::exception_ptr problem);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

struct promise_access {
  template <class Promise>
  static void bind(const Promise& made, std::unique_ptr<replier> reply) {
    made.answer_->bind(std::move(reply));
  }
};

}  // namespace detail

/// The answer to one ask, given after the handler has returned: a handler that returns `promise<T>` keeps a copy of it, goes
/// on to other messages, and sets the value when it has one. The asker sees a `T`.
///
/// Copies share one answer; the first that is set counts. When the last copy goes without one, the asker gets
/// `broken_promise`. Threads and processes: only where the handler runs.
template <class T>
class promise {
 public:
  promise() {
    if constexpr (!std::is_void_v<T>) static_cast<void>(detail::check_message<T>());
  }

  /// Gives the answer: a value that converts to `T`, or nothing where `T` is void. Throws what the value's `serialize`
  /// throws; then the promise is as before.
  template <class... Value>
  void set_value(const Value&... value) const {
    constexpr bool counts = sizeof...(Value) == (std::is_void_v<T> ? 0 : 1);
    static_assert(counts,
                  "troupe: set_value takes the value that was promised, and nothing where that is void");
    if constexpr (std::is_void_v<T> || !counts) {
      answer_->value(detail::body_of(std::tuple<>{}));
    } else {
      constexpr bool converts = (std::is_convertible_v<const Value&, T> && ...);
      static_assert(converts, "troupe: the value cannot be converted to the promise's type");
      if constexpr (converts) give<T>(value...);
    }
  }
  void set_exception(std::exception_ptr problem) const { answer_->error(std::move(problem)); }

 private:
  friend struct detail::promise_access;
  template <class Exact>
  void give(const Exact& value) const {
    const std::tuple<const Exact&> values{value};
    answer_->value(detail::body_of(values));
  }

  std::shared_ptr<detail::deferred_answer> answer_ = std::make_shared<detail::deferred_answer>();
};

}  // namespace troupe
