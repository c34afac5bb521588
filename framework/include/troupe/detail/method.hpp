// Member functions, functions and constructors as things that can be called with an encoded message.
#pragma once

#include <troupe/detail/body.hpp>
#include <troupe/detail/callable.hpp>
#include <troupe/detail/checks.hpp>
#include <troupe/detail/coroutine.hpp>
#include <troupe/detail/endpoint.hpp>
#include <troupe/detail/parameters.hpp>
#include <troupe/promise.hpp>

#include <coroutine>
#include <functional>
#include <iterator>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::detail {

template <class T>
inline constexpr bool is_promise = false;
template <class T>
inline constexpr bool is_promise<promise<T>> = true;

/// What the asker gets: `int` for a handler that returns `int`, `const int&` or `promise<int>`.
template <class R>
struct answer {
  using type = std::remove_cvref_t<R>;
};
template <class T>
struct answer<promise<T>> {
  using type = T;
};
template <class Callable>
using answer_of = typename answer<typename callable_traits<Callable>::result>::type;

/// Hands the encoded form of `arguments`, converted to `Parameters`, to `use`.
template <class Parameters, class Use, class... Arguments>
decltype(auto) with_body(Use&& use, Arguments&&... arguments) {
  if constexpr (check_arguments<Parameters, Arguments...>()) {
    return [&]<class... P>(std::type_identity<std::tuple<P...>>) -> decltype(auto) {
      using holder = std::tuple<decltype(as_parameter<P>(std::forward<Arguments>(arguments)))...>;
      const holder values{as_parameter<P>(std::forward<Arguments>(arguments))...};
      return use(body_of(values));
    }(std::type_identity<Parameters>{});
  }
}

template <class A>
struct class_identity {
  static constexpr char tag = 0;
};

/// Lets the result of `invoke` answer the ask: now, or when its promise is kept.
template <class Invoke>
void answer_with(replier& reply, Invoke&& invoke) {
  using result = std::invoke_result_t<Invoke>;
  if constexpr (std::is_void_v<result>) {
    invoke();
    reply.value(body_of(std::tuple<>{}));
  } else if constexpr (is_promise<std::remove_cvref_t<result>>) {
    const auto made = invoke();  // first: where it throws, the reply is still the caller's
    promise_access::bind(made, reply.detach());
  } else if constexpr (is_message<std::remove_cvref_t<result>>()) {
    const std::tuple<result> value{invoke()};
    reply.value(body_of(value));
  } else {
    static_cast<void>(invoke());  // can be told only: `ask` does not compile
  }
}

/// A class that says on whom the answers that it still owes depend: `relies_on() const` yields their handles.
template <class A>
concept relying_class = requires(const A& object) {
  std::begin(object.relies_on());
};

template <class A>
void add_relied_on(const void* object, std::vector<std::uint32_t>& on) {
  for (const auto& each : static_cast<const A*>(object)->relies_on()) {
    const auto ref = wire_form<std::remove_cvref_t<decltype(each)>>::to(each).ref;
    if (ref.node == 0) on.push_back(ref.id);  // circles over several nodes are not looked for
  }
}
template <class A>
consteval registrar::relies_function relies_function_of() {
  if constexpr (relying_class<A>) return &add_relied_on<A>;
  return nullptr;
}

template <class A, class Parameters>
struct constructor_entry {
  static void* construct(byte_reader& in) {
    return arguments<Parameters>{in}.apply(
        [](auto&&... value) { return new A(std::forward<decltype(value)>(value)...); });
  }
  static void destroy(void* object) { delete static_cast<A*>(object); }
  static constexpr const char* name() { return __PRETTY_FUNCTION__; }
  static inline const registrar registered{name(), &class_identity<A>::tag, &construct, &destroy,
                                           relies_function_of<A>()};
};

/// Calls `Method` on `object`, or without it where it is a static member that does not take it.
template <class A, auto Method, class Arguments>
decltype(auto) call_with(void* object, Arguments& values) {
  using owner = typename handler_traits<A, decltype(Method)>::owner;
  return values.apply([object](auto&&... value) -> decltype(auto) {
    if constexpr (std::is_void_v<owner>) {
      return Method(std::forward<decltype(value)>(value)...);
    } else {
      owner& its = *static_cast<A*>(object);
      return std::invoke(Method, its, std::forward<decltype(value)>(value)...);
    }
  });
}

/// A handler that is a coroutine. Its arguments stay where they are: it may refer to them until its end.
template <class A, auto Method>
class coroutine_method final : public coroutine_handler {
 public:
  using traits = handler_traits<A, decltype(Method)>;
  coroutine_method(void* object, byte_reader& in)
      : arguments_{in}, coroutine_{call_with<A, Method>(object, arguments_)} {}

  [[nodiscard]] std::coroutine_handle<> handle() const override { return coroutine_.handle(); }
  void answer(replier& to) override {
    answer_with(to, [this]() -> decltype(auto) { return coroutine_.handle().promise().take(); });
  }

 private:
  arguments<typename traits::parameters> arguments_;
  typename traits::result coroutine_;
};

template <class A, auto Method>
struct method_entry {
  using traits = handler_traits<A, decltype(Method)>;
  static constexpr bool is_task = is_coroutine<typename traits::result>;
  static void call(void* object, byte_reader& in, replier& reply) {
    if constexpr (is_task) {
      begin_coroutine(std::make_unique<coroutine_method<A, Method>>(object, in), reply);
    } else {
      arguments<typename traits::parameters> values{in};
      answer_with(reply, [&]() -> decltype(auto) { return call_with<A, Method>(object, values); });
    }
  }
  static constexpr const char* name() { return __PRETTY_FUNCTION__; }
  static inline const registrar registered{name(), &class_identity<A>::tag, &call, is_task};
};

/// `Function` is a pointer to a function or a function object without state.
template <auto Function>
struct function_entry {
  static void run(byte_reader& in) {
    arguments<typename callable_traits<decltype(Function)>::parameters> values{in};
    values.apply(Function);
  }
  static constexpr const char* name() { return __PRETTY_FUNCTION__; }
  static inline const registrar registered{name(), &run};
};

}  // namespace troupe::detail
