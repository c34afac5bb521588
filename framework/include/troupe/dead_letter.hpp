// Messages that nobody will handle.
#pragma once

#include <troupe/detail/method.hpp>
#include <troupe/errors.hpp>
#include <troupe/exit_status.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

namespace detail {

/// A decoded argument that refers to nothing outside itself.
template <class T>
auto owned(T&& value) {
  using type = std::remove_cvref_t<T>;
  if constexpr (!is_view<type>) {
    return type{std::forward<T>(value)};
  } else if constexpr (std::is_convertible_v<type, std::string_view>) {
    return std::string{value};
  } else {
    return std::vector<typename type::value_type>(value.begin(), value.end());
  }
}

}  // namespace detail

/// A message that was accepted and that nobody will handle: its actor has ended before it came to it, or died while it
/// handled it and may not try again (`spawn_options::max_attempts`). Calls that had not begun are not among them: who asked
/// is told, by `actor_down`. Nor is what a sender that has ended left with an actor that is not started again: nobody but
/// that actor has it.
///
/// A value: copies are independent. Any thread. Processes: the host.
struct dead_letter {
  std::uint64_t number = 0;    ///< counts the system's dead letters, from 1
  std::string actor;           ///< to whom it was sent
  int pid = 0;                 ///< of that actor's last process
  std::string sender;          ///< the name of the actor that sent it; empty: the host
  std::string method;          ///< for people: "counter::add"; empty where this program does not know it
  bool was_asked = false;      ///< its sender, if there still is one, has been told by `actor_down`
  std::uint32_t attempts = 0;  ///< how often it was begun
  call_fate fate = call_fate::not_started;  ///< or `died_running`
  exit_status cause;                        ///< how the actor's process ended
  std::size_t size = 0;                     ///< bytes of its arguments
  /// Its arguments as they were sent; empty where they were larger than 16 KiB, or their actor left more than 1 MiB.
  std::vector<std::byte> bytes;

  /// Whether it is a call of that method.
  template <auto Method>
  requires std::is_member_function_pointer_v<decltype(Method)>
  [[nodiscard]] bool is() const {
    return is<typename detail::callable_traits<decltype(Method)>::owner, Method>();
  }
  /// As well, where the method is inherited, or a function: a static one, or one that takes the actor first.
  template <class A, auto Method>
  [[nodiscard]] bool is() const {
    return entry == detail::method_entry<A, Method>::registered.id();
  }

  /// Its arguments as a tuple, to be looked at or sent again; strings and vectors in the place of views. Throws
  /// `malformed_message` where `bytes` are not there, or are no arguments of that method, or where handles or shared memory
  /// are among them.
  template <auto Method>
  [[nodiscard]] auto arguments() const {
    return arguments<typename detail::callable_traits<decltype(Method)>::owner, Method>();
  }
  /// As well, where the handler is a function that takes the actor first.
  template <class A, auto Method>
  [[nodiscard]] auto arguments() const {
    using parameters = typename detail::handler_traits<A, decltype(Method)>::parameters;
    if (bytes.size() != size) throw malformed_message{"a dead letter's arguments were too large to be kept"};
    detail::byte_reader in{bytes, nullptr};
    return detail::arguments<parameters>{in}.apply(
        [](auto&&... value) { return std::tuple{detail::owned(std::forward<decltype(value)>(value))...}; });
  }

  detail::entry_id entry = detail::entry_id::none;  ///< the method, for `is`
};

}  // namespace troupe
