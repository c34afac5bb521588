// An endpoint that takes values of one type, whoever it belongs to.
#pragma once

#include <troupe/detail/checks.hpp>
#include <troupe/detail/method.hpp>
#include <troupe/handover.hpp>
#include <troupe/process.hpp>

#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

/// Where values of type `T` can be sent, by someone who need not know what takes them: `actor.port<&A::on_item>()` is one for
/// a handler with a single parameter. What is sent is handled as a `tell` of that handler: in the order of other messages of
/// this process to the same actor, and with the same bound.
///
/// A value like the actor's own handle: copies name the same endpoint, it travels inside messages, and dropping it changes
/// nothing. Threads: any. Processes: any of the same system. After the system's end sending throws `system_stopped`.
template <class T>
class port : private process {
 public:
  /// Names no endpoint: sending throws `std::logic_error`.
  port() = default;

  /// Sends `value`, one way, as the endpoint's owner would be told: see `actor::tell`.
  template <class Value = T>
  void tell(Value&& value) const {
    send(detail::patience::wait, std::forward<Value>(value));
  }
  /// As `tell`, but false, and nothing sent, where the mailbox is full.
  template <class Value = T>
  [[nodiscard]] bool try_tell(Value&& value) const {
    return send(detail::patience::refuse, std::forward<Value>(value));
  }

  /// Of the process that the endpoint belongs to.
  using process::is_alive;
  using process::name;
  using process::on_down;

  /// Whether two ports lead to the same handler of the same actor.
  friend bool operator==(const port& a, const port& b) {
    return static_cast<const process&>(a) == static_cast<const process&>(b) && a.entry_ == b.entry_;
  }

 private:
  template <class A>
  friend class actor;
  template <class U>
  friend struct detail::wire_form;
  port(process owner, detail::entry_id entry) : process{std::move(owner)}, entry_{entry} {}

  template <class Value>
  bool send(detail::patience how, Value&& value) const {
    detail::handover_scope handover;
    const bool sent = detail::with_body<std::tuple<T>>(
        [&](const detail::body& body) { return endpoint().tell(ref(), entry_, body, how); },
        std::forward<Value>(value));
    if (sent) handover.sent(*this);
    return sent;
  }

  detail::entry_id entry_ = detail::entry_id::none;
};

namespace detail {

struct port_form {
  handle_form owner;
  entry_id entry = entry_id::none;
};
/// The receiver of a value checks the entry: only handlers of its own class are called.
template <class T>
struct wire_form<port<T>> {
  static port_form to(const port<T>& end) { return {wire_form<process>::to(end), end.entry_}; }
  static port<T> from(port_form form, endpoint* where) {
    return {wire_form<process>::from(std::move(form.owner), where), form.entry};
  }
};

/// The values that a port to a handler with the parameter `P` takes: those of a view are owned by the sender.
template <class P>
struct port_value {
  using type = sent<P>;
};
template <class P>
requires std::is_same_v<sent<P>, std::string_view>
struct port_value<P> {
  using type = std::string;
};
template <class P>
requires requires { typename sent<P>::element_type; } && is_view<sent<P>>
struct port_value<P> {
  using type = std::vector<typename sent<P>::value_type>;
};
template <class Parameters>
struct port_of {
  using type = void;
};
template <class P>
struct port_of<std::tuple<P>> : port_value<P> {};

/// Whether there can be a port to `Method` of an `A`; says why not.
template <class A, auto Method>
consteval bool check_port() {
  if constexpr (!check_method<A, Method>()) {
    return false;
  } else {
    constexpr bool single = std::tuple_size_v<typename handler_traits<A, decltype(Method)>::parameters> == 1;
    static_assert(single,
                  "troupe: a port leads to a handler with one parameter: put several values into a struct");
    return single;
  }
}

}  // namespace detail
}  // namespace troupe
