// What code that runs inside an actor may ask about itself, in the manner of std::this_thread.
#pragma once

#include <troupe/actor.hpp>
#include <troupe/actor_system.hpp>

#include <string>

/// Threads: the actor's own only. Processes: actors; elsewhere every function throws `std::logic_error`.
namespace troupe::this_actor {

/// The name given when it was spawned.
[[nodiscard]] std::string name();
[[nodiscard]] int pid();

/// A handle to whoever spawned this actor: another actor; nullopt where that was the host.
[[nodiscard]] std::optional<process> parent();

/// The system, for spawning from inside.
[[nodiscard]] actor_system& system();

/// Ends this actor in an orderly way once the current handler has returned.
void stop();

/// Whether somebody has asked this actor to stop. For functions that compute for long without calling the library.
[[nodiscard]] bool stop_requested();

/// Whether whoever asked for what the current handler does has given the answer up (`future::cancel`). For handlers that
/// take long.
[[nodiscard]] bool cancel_requested();

namespace detail {
[[nodiscard]] process self_as_process();
}

/// A handle to this actor, to be handed to others. `A` must be its class.
template <class A>
[[nodiscard]] actor<A> self() {
  return troupe::detail::wire_form<actor<A>>::from(
      troupe::detail::wire_form<process>::to(detail::self_as_process()),
      troupe::detail::own_endpoint().get());
}

}  // namespace troupe::this_actor
