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
  promise() : answer_{std::make_shared<detail::deferred_answer>()} {}

  template <class... Value>
  requires(sizeof...(Value) == (std::is_void_v<T> ? 0 : 1)) void set_value(const Value&... value) const {
    const std::tuple<const Value&...> values{value...};
    static_assert((std::is_same_v<Value, T> && ...), "troupe: the value must have the promise's type");
    answer_->value(detail::body_of(values));
  }
  void set_exception(std::exception_ptr problem) const { answer_->error(std::move(problem)); }

 private:
  friend struct detail::promise_access;
  std::shared_ptr<detail::deferred_answer> answer_;
};

}  // namespace troupe
