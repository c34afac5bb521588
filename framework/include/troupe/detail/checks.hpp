// What a call needs, said in words at the place of the call. Each check is made only where those before it passed, so the
// first line of the compiler's error is the sentence of the first thing that is wrong.
#pragma once

#include <troupe/detail/callable.hpp>
#include <troupe/detail/codec.hpp>
#include <troupe/detail/parameters.hpp>

#include <tuple>
#include <type_traits>

namespace troupe::detail {

template <class...>
inline constexpr bool never = false;

template <class Parameters>
inline constexpr bool has_views = false;
template <class... P>
inline constexpr bool has_views<std::tuple<P...>> = (is_view<sent<P>> || ...);

/// Whether `Method` can be called on an `A`; says why not.
template <class A, auto Method>
consteval bool check_method() {
  using method = decltype(Method);
  using traits = handler_traits<A, method>;
  if constexpr (std::is_member_function_pointer_v<method> && !traits::known) {
    static_assert(never<A>,
                  "troupe: a handler must not be volatile, &&-qualified or variadic: write an ordinary "
                  "member function");
    return false;
  } else if constexpr (!traits::known || std::is_class_v<method>) {
    static_assert(never<A>,
                  "troupe: a message is named by a member function: tell<&A::member>(arguments...)");
    return false;
  } else if constexpr (is_coroutine<typename traits::result> && has_views<typename traits::parameters>) {
    static_assert(
        never<A>,
        "troupe: a handler that is a coroutine cannot take views: its message is gone when it goes on; take "
        "std::string or std::vector");
    return false;
  } else if constexpr (std::is_void_v<typename traits::owner>) {
    return true;  // a static member function
  } else {
    constexpr bool belongs = std::is_base_of_v<typename traits::owner, A>;
    constexpr bool reachable = std::is_convertible_v<A*, typename traits::owner*>;
    static_assert(belongs, "troupe: the member function belongs to another class than the actor's");
    static_assert(
        !belongs || reachable,
        "troupe: the member function belongs to a base of the actor's class that is private or ambiguous");
    return belongs && reachable;
  }
}

/// Whether `Function` can be run by a process of its own; says why not.
template <auto Function>
consteval bool check_function() {
  using function = decltype(Function);
  using traits = callable_traits<function>;
  if constexpr (std::is_class_v<function> && !traits::known) {
    static_assert(
        never<function>,
        "troupe: spawn needs to know what the function object takes: write the types of its parameters, not "
        "`auto`, and one operator() only");
    return false;
  } else if constexpr (is_coroutine<typename traits::result>) {
    static_assert(never<function>,
                  "troupe: a function's process cannot be a coroutine, which nothing would go on with: only "
                  "handlers return troupe::task");
    return false;
  } else {
    constexpr bool callable = traits::known && !std::is_member_pointer_v<function>;
    static_assert(callable,
                  "troupe: spawn<f>(arguments...) takes a function or a captureless lambda, and "
                  "spawn<A>(arguments...) a class");
    return callable;
  }
}

/// Whether another process can make a function object like this one for itself; says why not.
template <class Object>
consteval bool check_object() {
  if constexpr (std::is_function_v<std::remove_pointer_t<Object>>) {
    static_assert(never<Object>, "troupe: name the function in the brackets: spawn<f>(arguments...)");
    return false;
  } else if constexpr (!std::is_class_v<Object>) {
    static_assert(never<Object>,
                  "troupe: what is spawned must be named in the brackets: spawn<A>(arguments...) or "
                  "spawn<f>(arguments...)");
    return false;
  } else {
    static_assert(stateless<Object>,
                  "troupe: a function object that runs in another process cannot have captures or "
                  "members: pass their values as arguments");
    return stateless<Object>;
  }
}

/// Whether an `A` can be made from the arguments, as they arrive; says why not.
template <class A, class... Arguments>
consteval bool check_constructor() {
  if constexpr (!std::is_class_v<A>) {
    static_assert(never<A>, "troupe: an actor is a class or a function: spawn<A>(arguments...)");
    return false;
  } else if constexpr (!is_complete<A>) {
    static_assert(never<A>, "troupe: the actor's class is only declared here: include its definition");
    return false;
  } else if constexpr (std::is_abstract_v<A>) {
    static_assert(never<A>, "troupe: the actor's class is abstract: spawn a class that implements it");
    return false;
  } else if constexpr (!std::is_destructible_v<A>) {
    static_assert(never<A>, "troupe: the actor's class has no public destructor");
    return false;
  } else {
    constexpr bool made = std::is_constructible_v<A, Arguments...>;
    static_assert(made, "troupe: the actor's class has no public constructor for these arguments");
    return made;
  }
}

/// Whether a handler's parameter can be filled from a message; says why not.
template <class P>
consteval bool check_parameter() {
  if constexpr (std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>) {
    static_assert(
        never<P>,
        "troupe: a handler's parameter must be a value, const& or &&: a reference to the sender's object "
        "cannot reach into another process");
    return false;
  } else if constexpr (is_view<sent<P>>) {
    return true;
  } else {
    return check_message<sent<P>>();
  }
}

/// Whether `Parameters` can be filled from `Arguments`; says why not.
template <class Parameters, class... Arguments>
struct argument_check;
template <class... P, class... Arguments>
struct argument_check<std::tuple<P...>, Arguments...> {
  static consteval bool passed() {
    if constexpr (!(check_parameter<P>() && ...)) {
      return false;
    } else if constexpr (sizeof...(Arguments) != sizeof...(P)) {
      static_assert(sizeof...(Arguments) >= sizeof...(P), "troupe: too few arguments for the parameters");
      static_assert(sizeof...(Arguments) <= sizeof...(P), "troupe: too many arguments for the parameters");
      return false;
    } else {
      constexpr bool converts = (std::is_constructible_v<sent<P>, Arguments> && ...);
      static_assert(converts, "troupe: an argument cannot be converted to the type of its parameter");
      return converts;
    }
  }
};
template <class Parameters, class... Arguments>
consteval bool check_arguments() {
  return argument_check<Parameters, Arguments...>::passed();
}

/// Whether a handler's answer can be sent back; says why not.
template <class Answer>
consteval bool check_answer() {
  if constexpr (std::is_void_v<Answer>) {
    return true;
  } else {
    return check_message<Answer>();
  }
}

}  // namespace troupe::detail
