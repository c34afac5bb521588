// A process actor as an actor of CAF's.
#pragma once

#include <troupe/actor.hpp>
#include <troupe/caf/errors.hpp>
#include <troupe/detail/caf/ending.hpp>
#include <troupe/detail/caf/version.hpp>
#include <troupe/errors.hpp>

#include <exception>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::caf {

/// A member function as a CAF message: its parameters, or these behind `Atoms` where several methods take the same. A view
/// (`std::string_view`, `std::span`) is sent as what owns it (`std::string`, `std::vector`).
template <auto Method, class... Atoms>
struct method_name {};
template <auto Method, class... Atoms>
inline constexpr method_name<Method, Atoms...> method{};

namespace detail {

template <class R>
[[nodiscard]] ::caf::message answer_from(future<R>& ready) {
  try {
    if constexpr (std::is_void_v<R>) {
      ready.get();
      return ::caf::make_message();
    } else {
      return ::caf::make_message(ready.get());
    }
  } catch (...) {
    return ::caf::make_message(to_error(std::current_exception()));
  }
}

template <auto Method, class A, class... Values>
void pass_on(const actor<A>& to, const ::caf::response_promise& promise, const Values&... values) {
  using answered = troupe::detail::answer_of<decltype(Method)>;
  const bool is_told = std::is_void_v<answered> && promise.async();
  try {
    if (is_told || !promise.pending()) {
      to.template tell<Method>(values...);
    } else {
      to.template ask<Method>(values...).then(
          [promise](future<answered> ready) { respond(promise, answer_from(ready)); });
    }
  } catch (...) {
    if (!promise.async()) respond(promise, ::caf::make_message(to_error(std::current_exception())));
  }
}

template <class A, auto Method, class... Atoms>
auto handler_for(::caf::event_based_actor* self, const actor<A>& to, method_name<Method, Atoms...>) {
  return [&]<class... P>(std::type_identity<std::tuple<P...>>) {
    return [self, to](Atoms..., const typename troupe::detail::port_value<P>::type&... values) {
      auto promise = self->make_response_promise();
      pass_on<Method>(to, promise, values...);
      return promise;
    };
  }(std::type_identity<typename troupe::detail::handler_traits<A, decltype(Method)>::parameters>{});
}

}  // namespace detail

/// An actor of `system` that stands for `whom`: `as_caf(system, counter, method<&counter::add>, method<&counter::total>)`.
/// What it is sent is called there; it can be requested, monitored, linked, and published by the system's middleman.
///
/// A request is answered by the method's result, or by an error: `to_error` of its exception, or of the process's end. A
/// message that is no request is told where the method returns nothing (an exception then ends the process), else its result
/// goes to the sender, as CAF does it. The types must be both: messages here, and types that CAF can send.
///
/// ## Ending
/// When the process ends the CAF actor does, for `to_error` of its status; one that comes back by `spawn_options::restart`
/// has not ended. When the CAF actor ends the process is stopped, or killed where that was by `exit_reason::kill`. Dropping
/// the last reference to it changes nothing for the process.
///
/// The CAF actor has a thread of its own, so that a full mailbox stops nobody else; what is sent to it meanwhile waits in
/// CAF's memory. Threads: any. Processes: the host. Throws `system_stopped`, and what CAF's spawn throws.
template <class A, class... Methods>
[[nodiscard]] ::caf::actor as_caf(::caf::actor_system& system, const actor<A>& whom, Methods... methods) {
  const auto end = std::make_shared<detail::ending>();
  const auto proxy = system.spawn<::caf::detached>(
      [whom, end, methods...](::caf::event_based_actor* self) -> ::caf::behavior {
        detail::end_with(self, whom, detail::unreferenced::let_be);
        self->set_exit_handler([self, end](::caf::exit_msg& exit) {
          if (detail::is_wake(self, exit)) {
            self->quit(end->reason().value_or(::caf::error{}));
          } else if (exit.reason) {
            self->quit(std::move(exit.reason));
          }
        });
        return {detail::handler_for(self, whom, methods)...};
      });
  whom.on_down(
      [end, address = proxy.address()](const exit_status& status) { end->come(address, to_error(status)); });
  return proxy;
}

}  // namespace troupe::caf
