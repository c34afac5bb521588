// Member functions, functions and constructors as things that can be called with an encoded message.
#pragma once

#include <troupe/detail/body.hpp>
#include <troupe/detail/codec.hpp>
#include <troupe/detail/endpoint.hpp>
#include <troupe/promise.hpp>

#include <functional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::detail {

template <class Pointer>
struct callable_traits;
template <class R, class... P>
struct callable_traits<R (*)(P...)> {
  using result = R;
  using parameters = std::tuple<P...>;
};
template <class R, class... P>
struct callable_traits<R (*)(P...) noexcept> : callable_traits<R (*)(P...)> {};
template <class R, class C, class... P>
struct callable_traits<R (C::*)(P...)> : callable_traits<R (*)(P...)> {
  using owner = C;
};
template <class R, class C, class... P>
struct callable_traits<R (C::*)(P...) const> : callable_traits<R (C::*)(P...)> {};
template <class R, class C, class... P>
struct callable_traits<R (C::*)(P...) noexcept> : callable_traits<R (C::*)(P...)> {};
template <class R, class C, class... P>
struct callable_traits<R (C::*)(P...) const noexcept> : callable_traits<R (C::*)(P...)> {};

/// How a parameter is kept between decoding and the end of the handler.
template <class P>
using kept = std::remove_cvref_t<P>;

template <class P>
inline constexpr bool is_accepted_parameter =
    !std::is_lvalue_reference_v<P> || std::is_const_v<std::remove_reference_t<P>>;

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

template <class Parameters>
struct parameter_list;
template <class... P>
struct parameter_list<std::tuple<P...>> {
  static constexpr std::size_t count = sizeof...(P);
  using values = std::tuple<kept<P>...>;

  static constexpr bool accepted = (is_accepted_parameter<P> && ...);
  static constexpr bool travel = ((is_message<kept<P>>() || std::is_same_v<kept<P>, std::string_view>)&&...);

  static values read(byte_reader& in) try {
    values arguments{decode<kept<P>>(in)...};  // braces: left to right
    if (in.left() != 0) throw_message_too_long(in.left());
    return arguments;
  } catch (...) {
    refuse_message();
  }
  template <class Function>
  static decltype(auto) apply(Function&& function, values& arguments) {
    return std::apply(
        [&](auto&... value) -> decltype(auto) { return std::invoke(function, pass<P>(value)...); },
        arguments);
  }

 private:
  template <class P1>
  static decltype(auto) pass(kept<P1>& value) {
    if constexpr (std::is_lvalue_reference_v<P1>) {
      return static_cast<const kept<P1>&>(value);
    } else {
      return std::move(value);
    }
  }
};

/// Checks at the call site, in words, what a message needs.
template <class Parameters, class... Arguments>
consteval void check_arguments() {
  using list = parameter_list<Parameters>;
  static_assert(list::accepted,
                "troupe: a handler's parameter must be a value, const& or &&: a reference to the sender's "
                "object cannot reach into another process");
  static_assert(list::travel,
                "troupe: a parameter is not a message type: use arithmetic types, strings, standard "
                "containers, plain aggregates, or give the class a cereal `serialize` member");
  static_assert(sizeof...(Arguments) == list::count,
                "troupe: the number of arguments differs from the handler's parameters");
}

/// The arguments in the types of the parameters: references where they already have them, converted otherwise.
template <class P, class Argument>
decltype(auto) as_parameter(Argument&& argument) {
  if constexpr (std::is_same_v<kept<P>, std::remove_cvref_t<Argument>>) {
    return static_cast<const kept<P>&>(argument);
  } else {
    static_assert(std::is_constructible_v<kept<P>, Argument>,
                  "troupe: an argument cannot be converted to the type of the handler's parameter");
    return kept<P>(std::forward<Argument>(argument));
  }
}

/// Hands the encoded form of `arguments`, converted to `Parameters`, to `use`.
template <class Parameters, class Use, class... Arguments>
decltype(auto) with_body(Use&& use, Arguments&&... arguments) {
  check_arguments<Parameters, Arguments...>();
  return [&]<class... P>(std::type_identity<std::tuple<P...>>) -> decltype(auto) {
    using holder = std::tuple<decltype(as_parameter<P>(std::forward<Arguments>(arguments)))...>;
    const holder values{as_parameter<P>(std::forward<Arguments>(arguments))...};
    return use(body_of(values));
  }(std::type_identity<Parameters>{});
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
    promise_access::bind(invoke(), reply.detach());
  } else {
    static_assert(is_message<std::remove_cvref_t<result>>(),
                  "troupe: the handler's result is not a message type");
    const std::tuple<result> value{invoke()};
    reply.value(body_of(value));
  }
}

template <class A, class Arguments>
struct constructor_entry {
  static void* construct(byte_reader& in) {
    auto arguments = parameter_list<Arguments>::read(in);
    return parameter_list<Arguments>::apply(
        [](auto&&... value) { return new A(std::forward<decltype(value)>(value)...); }, arguments);
  }
  static void destroy(void* object) { delete static_cast<A*>(object); }
  static constexpr const char* name() { return __PRETTY_FUNCTION__; }
  static inline const registrar registered{name(), &class_identity<A>::tag, &construct, &destroy};
};

template <class A, auto Method>
struct method_entry {
  using traits = callable_traits<decltype(Method)>;
  static void call(void* object, byte_reader& in, replier& reply) {
    using list = parameter_list<typename traits::parameters>;
    auto arguments = list::read(in);
    answer_with(reply, [&]() -> decltype(auto) {
      return list::apply(
          [object](auto&&... value) -> decltype(auto) {
            return (static_cast<A*>(object)->*Method)(std::forward<decltype(value)>(value)...);
          },
          arguments);
    });
  }
  static constexpr const char* name() { return __PRETTY_FUNCTION__; }
  static inline const registrar registered{name(), &class_identity<A>::tag, &call};
};

template <auto Function>
struct function_entry {
  static void run(byte_reader& in) {
    using list = parameter_list<typename callable_traits<decltype(Function)>::parameters>;
    auto arguments = list::read(in);
    list::apply(Function, arguments);
  }
  static constexpr const char* name() { return __PRETTY_FUNCTION__; }
  static inline const registrar registered{name(), &run};
};

}  // namespace troupe::detail
