// A handle to an actor of class A.
#pragma once

#include <troupe/detail/method.hpp>
#include <troupe/future.hpp>
#include <troupe/handover.hpp>
#include <troupe/port.hpp>
#include <troupe/process.hpp>

#include <type_traits>
#include <utility>

namespace troupe {

/// A handle to an actor: an object of class `A` in a process of its own, whose member functions are called by messages, one
/// after another. `A` is any class: it needs no base, no macro and no header of ours.
///
/// A message is named by a member function, `tell<&A::member>(arguments...)`, or by a function that takes the object first:
/// `void f(A& self, arguments...)`. Where it is a template over types that are local to a file, take the latter: for a pointer
/// to a member function GCC does not see that they are, and takes those of one name in two files for one.
///
/// Messages from one process to one actor are handled in the order sent. The mailbox is bounded: `tell` waits where it is
/// full. From inside a handler, sends take effect together when the handler ends; none of them if it dies.
///
/// Copies name the same actor; a handle travels inside messages. Threads: any. Processes: any of the same system.
template <class A>
class actor : public process {
  template <auto Method>
  using parameters = typename detail::handler_traits<A, decltype(Method)>::parameters;

 public:
  using process::process;

  /// Sends a call of `Method`, one way; its result is dropped, and an exception from it ends the actor. Waits for room in
  /// the mailbox (not inside a handler: there it is sent when the handler ends). When this returns, the message outlives
  /// the sender. The arguments stay the caller's. Throws `actor_down`, `system_stopped`, `stop_requested`; then nothing
  /// was sent.
  template <auto Method, class... Arguments>
  void tell(Arguments&&... arguments) const {
    send<Method>(detail::patience::wait, std::forward<Arguments>(arguments)...);
  }

  /// As `tell`, but false, and nothing sent, where the mailbox is full. Never blocks once the two have been connected.
  template <auto Method, class... Arguments>
  [[nodiscard]] bool try_tell(Arguments&&... arguments) const {
    return send<Method>(detail::patience::refuse, std::forward<Arguments>(arguments)...);
  }

  /// Sends a call of `Method` and returns its answer to come. An exception from the method goes to the asker; the actor
  /// lives on. Waits and throws as `tell` does.
  template <auto Method, class... Arguments>
  [[nodiscard]] auto ask(Arguments&&... arguments) const -> future<detail::answer_of<decltype(Method)>> {
    using answered = detail::answer_of<decltype(Method)>;
    if constexpr (detail::check_method<A, Method>() && detail::check_answer<answered>() &&
                  detail::check_arguments<parameters<Method>, Arguments...>()) {
      detail::handover_scope handover;
      future<answered> asked{detail::with_body<parameters<Method>>(
          [this](const detail::body& body) { return endpoint().ask(ref(), entry<Method>().id(), body); },
          std::forward<Arguments>(arguments)...)};
      handover.sent(*this);
      return asked;
    }
  }

  /// The way to one handler of this actor, for those who need know no more of it: `Method` has a single parameter.
  template <auto Method>
  [[nodiscard]] auto port() const -> troupe::port<typename detail::port_of<parameters<Method>>::type> {
    if constexpr (detail::check_port<A, Method>()) return {*this, entry<Method>().id()};
  }

 private:
  template <auto Method>
  static const detail::registrar& entry() {
    return detail::method_entry<A, Method>::registered;
  }
  template <auto Method, class... Arguments>
  bool send(detail::patience how, Arguments&&... arguments) const {
    if constexpr (detail::check_method<A, Method>() &&
                  detail::check_arguments<parameters<Method>, Arguments...>()) {
      detail::handover_scope handover;
      const bool sent = detail::with_body<parameters<Method>>(
          [&](const detail::body& body) { return endpoint().tell(ref(), entry<Method>().id(), body, how); },
          std::forward<Arguments>(arguments)...);
      if (sent) handover.sent(*this);
      return sent;
    }
  }
};

template <class A>
struct detail::wire_form<actor<A>> {
  static handle_form to(const actor<A>& handle) { return wire_form<process>::to(handle); }
  static actor<A> from(handle_form form, endpoint* where) {
    auto home = home_of(form.ref, where);
    return {std::move(home), form.ref, std::move(form.name)};
  }
};

}  // namespace troupe
