// Names one of several functions of the same name.
#pragma once

namespace troupe {

namespace detail {

template <class... P>
struct overload_set {
  template <class R>
  constexpr auto operator()(R (*function)(P...)) const noexcept {
    return function;
  }
  template <class R, class C>
  constexpr auto operator()(R (C::*method)(P...)) const noexcept {
    return method;
  }
  template <class R, class C>
  constexpr auto operator()(R (C::*method)(P...) const) const noexcept {
    return method;
  }
  template <class R, class C>
  constexpr auto operator()(R (C::*method)(P...) &) const noexcept {
    return method;
  }
  template <class R, class C>
  constexpr auto operator()(R (C::*method)(P...) const&) const noexcept {
    return method;
  }
};

}  // namespace detail

/// `overload<int, std::string>(&A::f)` is the `f` that takes an `int` and a `std::string`, `noexcept` or not; of free and
/// static functions too: `a.tell<troupe::overload<int>(&A::add)>(5)`. Parameters are written as they are declared
/// (`const std::string&`). Of two that differ only in `const`, neither can be named this way.
template <class... P>
inline constexpr detail::overload_set<P...> overload{};

}  // namespace troupe
