// What a function, a member function or a function object takes and gives. Nothing here fails to compile for what is none
// of them: `known` says so, and the checks at the call sites say it in words.
#pragma once

#include <tuple>
#include <type_traits>

namespace troupe::detail {

/// A function type. Those with `&&`, `volatile` or `...` behind their parameters are not known: nothing can call them here.
template <class F>
struct function_traits {
  static constexpr bool known = false;
  using result = void;
  using parameters = std::tuple<>;
};
template <class R, class... P>
struct known_function {
  static constexpr bool known = true;
  using result = R;
  using parameters = std::tuple<P...>;
};
template <class R, class... P, bool N>
struct function_traits<R(P...) noexcept(N)> : known_function<R, P...> {};
template <class R, class... P, bool N>
struct function_traits<R(P...) const noexcept(N)> : known_function<R, P...> {};
template <class R, class... P, bool N>
struct function_traits<R(P...)& noexcept(N)> : known_function<R, P...> {};
template <class R, class... P, bool N>
struct function_traits<R(P...) const& noexcept(N)> : known_function<R, P...> {};
template <class R, class... P, bool N>
struct function_traits<R(P...)&& noexcept(N)> : function_traits<void> {
  using result = R;
};
template <class R, class... P, bool N>
struct function_traits<R(P...) volatile noexcept(N)> : function_traits<void> {
  using result = R;
};

/// What is called: `R (*)(P...)`, `R (C::*)(P...)`, or an object with one `operator()`.
template <class Callable>
struct callable_traits : function_traits<void> {
  using owner = void;
};
template <class F>
struct callable_traits<F*> : function_traits<F> {
  using owner = void;
};
template <class F, class C>
struct callable_traits<F C::*> : function_traits<F> {
  using owner = C;
};
template <class Object>
requires std::is_class_v<Object> && requires { &Object::operator(); }
struct callable_traits<Object> : callable_traits<decltype(&Object::operator())> {};

/// A handler of an `A`: a member function of it or of a base, or a function that takes the object first, as an `A&`, and then
/// the parameters of the message.
template <class A, class Method>
struct handler_traits : callable_traits<Method> {};
template <class A, class R, class Base, class... P, bool N>
requires(!std::is_const_v<Base> &&
         std::is_base_of_v<Base, A>) struct handler_traits<A, R (*)(Base&, P...) noexcept(N)>
    : known_function<R, P...> {
  using owner = Base;
};

/// A function object that another process can make for itself: a lambda without captures, or a class like it.
template <class Object>
concept stateless =
    std::is_class_v<Object> && std::is_empty_v<Object> && std::is_default_constructible_v<Object>;

/// For the results of handlers that are coroutines: they go on after the message has been put away.
template <class Result>
inline constexpr bool is_coroutine = false;

}  // namespace troupe::detail
