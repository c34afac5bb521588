// What a pool can run: functions by name, and lambdas without captures. Only types travel; each becomes an entry of the
// worker's by being named at a call site.
#pragma once

#include <troupe/actor.hpp>
#include <troupe/message.hpp>

#include <cstddef>
#include <functional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::detail {

/// A function, named by a template argument: `map<f>`; or a lambda in the same place.
template <auto Function>
struct named_task {
  using signature = callable_traits<std::remove_cv_t<decltype(Function)>>;
  static constexpr bool is_sendable = true;
  template <class... Arguments>
  static decltype(auto) call(Arguments&&... arguments) {
    return std::invoke(Function, std::forward<Arguments>(arguments)...);
  }
  template <class... Arguments>
  static constexpr bool takes = std::is_invocable_v<decltype(Function), Arguments...>;
};

/// An object of an empty class, such as a lambda without captures: the worker makes one of its own.
template <class F>
struct lambda_task {
  using signature = callable_traits<F>;
  static constexpr bool is_sendable = stateless<F>;
  template <class... Arguments>
  static decltype(auto) call(Arguments&&... arguments) {
    return F{}(std::forward<Arguments>(arguments)...);
  }
  template <class... Arguments>
  static constexpr bool takes =
      std::is_invocable_v<const F&, Arguments...> || std::is_invocable_v<F&, Arguments...>;
};

/// What travels for a parameter: the value; for a view, what it looks at.
template <class P>
struct travelling {
  using type = std::remove_cvref_t<P>;
};
template <class P>
requires std::is_same_v<std::remove_cvref_t<P>, std::string_view>
struct travelling<P> {
  using type = std::string;
};
template <class T>
struct travelling<std::span<const T>> {
  using type = std::vector<T>;
};
template <class P>
using travelling_t = typename travelling<P>::type;

template <class Task, class... Given>
struct task_values {  // of a call with `auto` parameters: what it is given
  using type = std::tuple<std::decay_t<Given>...>;
  static constexpr bool takes_references = false;
};
template <class Parameters>
struct values_of;
template <class... P>
struct values_of<std::tuple<P...>> {
  using type = std::tuple<travelling_t<P>...>;
  static constexpr bool takes_references =
      ((std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>) || ...);
};
template <class Task, class... Given>
requires Task::signature::known struct task_values<Task, Given...>
    : values_of<typename Task::signature::parameters> {
};

/// Calls the task with values that it may keep.
template <class Task, class... Value>
decltype(auto) call_task(Value&... value) {
  if constexpr (Task::template takes<Value&&...>) {
    return Task::call(std::move(value)...);
  } else {
    return Task::call(value...);
  }
}
template <class Task, class... Value>
using task_result = std::remove_cvref_t<decltype(call_task<Task>(std::declval<Value&>()...))>;

/// Whether arguments become what travels for the parameters.
template <class Values, class... Arguments>
consteval bool check_conversions() {
  static_assert(std::is_constructible_v<Values, Arguments...>,
                "troupe: an argument cannot be converted to the type of the function's parameter");
  return std::is_constructible_v<Values, Arguments...>;
}

/// A task that is called with the elements of a tuple: `starmap`.
template <class Task>
struct star_task {
  struct signature {
    static constexpr bool known = Task::signature::known;
    using parameters = std::tuple<typename values_of<typename Task::signature::parameters>::type>;
  };
  static constexpr bool is_sendable = Task::is_sendable;
  template <class Tuple>
  static decltype(auto) call(Tuple&& arguments) {
    return std::apply([](auto&... each) -> decltype(auto) { return call_task<Task>(each...); }, arguments);
  }
  template <class... Arguments>
  static constexpr bool takes = true;
};

/// What travels of a range's items.
template <class Task, class View>
using item_of = std::tuple_element_t<0, typename task_values<Task, std::ranges::range_value_t<View>>::type>;

/// The rules of every task, in words; false where one is broken, so that nothing else need be compiled.
template <class Task, class... Given>
consteval bool check_task() {
  static_assert(
      Task::is_sendable,
      "troupe: a pool's lambda cannot have captures, and a function is not passed as an argument: the "
      "worker is another process. Name a function as map<f>(items) or submit<f>(arguments...); pass what a "
      "lambda would capture as part of the items, or as arguments of submit");
  if constexpr (Task::is_sendable) {
    using values = task_values<Task, Given...>;
    static_assert(
        !values::takes_references,
        "troupe: a pool's function must take its parameters by value, const& or &&: a reference to the "
        "caller's object cannot reach into another process");
    static_assert(
        std::tuple_size_v<typename values::type> == sizeof...(Given),
        "troupe: the number of arguments differs from the function's parameters (map and imap call it "
        "with one item at a time)");
    static_assert(
        is_message<typename values::type>(),
        "troupe: a parameter of the pool's function is not a message type: use arithmetic types, "
        "strings, standard containers, plain aggregates, or give the class a cereal `serialize` member");
    return !values::takes_references && std::tuple_size_v<typename values::type> == sizeof...(Given) &&
           is_message<typename values::type>();
  } else {
    return false;
  }
}

template <class Task, class Tuple>
struct star_check;
template <class Task, template <class...> class Tuple, class... Given>
struct star_check<Task, Tuple<Given...>> {
  static consteval bool run() { return check_task<Task, std::decay_t<Given>...>(); }
};

/// As `check_task`, for a task that is called with the elements of a tuple.
template <class Task, class Tuple>
consteval bool check_star_task() {
  constexpr bool is_tuple = requires { std::tuple_size<Tuple>::value; }
  &&requires { star_check<Task, Tuple>::run(); };
  static_assert(is_tuple,
                "troupe: starmap takes a range of std::tuple or std::pair: one element for each parameter");
  if constexpr (is_tuple) {
    return star_check<Task, Tuple>::run();
  } else {
    return false;
  }
}

}  // namespace troupe::detail
