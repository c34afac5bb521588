// What code that runs inside an actor may ask about itself, in the manner of std::this_thread.
#pragma once

#include <troupe/actor.hpp>
#include <troupe/actor_system.hpp>

#include <cstdint>
#include <optional>
#include <string>

/// Threads: the actor's own only. Processes: actors; elsewhere every function throws `std::logic_error`.
namespace troupe::this_actor {

/// The name given when it was spawned.
[[nodiscard]] std::string name();
[[nodiscard]] int pid();

/// How often this actor has been started before, by `spawn_options::restart`: 0 in its first process.
[[nodiscard]] std::uint32_t incarnation();

/// Which attempt at the message in hand this is, from 1: more where a process before this one died while it handled it.
/// What was done outside Troupe may have been done then.
[[nodiscard]] std::uint32_t attempt();

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
