// What code that runs inside an actor may ask about itself, in the manner of std::this_thread.
#pragma once

#include <troupe/actor.hpp>
#include <troupe/actor_system.hpp>
#include <troupe/packed.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
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
void save(std::span<const std::byte> state);
[[nodiscard]] std::span<std::byte> room_behind(std::size_t size);
void add_behind(std::size_t size);
[[nodiscard]] packed_bytes saved();
/// From here on this process ends by an exception without a line about it: for what runs others and tells of their ends itself.
void end_quietly();
}  // namespace detail

/// Saves what this actor is to begin with when it is started again. In a handler it counts with the end of the turn: the
/// message that is handled, what is told in it and this are done together or not at all. Elsewhere at once. Each takes the place of the last.
/// Nothing happens where the actor is not started again (`spawn_options::restart`). Throws `std::system_error` where memory is short.
template <class State>
void checkpoint(const State& state) {
  static_assert(troupe::detail::check_message<State>());
  detail::save(pack(state));
}

/// Adds to what was saved last, and counts as that does: for a state that is large, and changes a little at a time. It costs what
/// is added, not what is there; `checkpoint` begins anew, and should now and then. Read by `restored_parts`. Throws as `checkpoint`, and what
/// the `serialize` of a part throws: then nothing was added. Returns
/// how many bytes were.
template <class... Parts>
std::size_t extend_checkpoint(const Parts&... parts) {
  static_assert((troupe::detail::check_message<Parts>() && ...));
  const message_extent extents[] = {extent_of(parts)...};
  std::size_t size = 0;
  for (const auto& each : extents) {
    if (each.shared_objects != 0)
      throw std::logic_error{"troupe::extend_checkpoint: shared memory cannot be part of a checkpoint"};
    size += each.size;
  }
  auto room = detail::room_behind(size);
  if (room.size() != size) return 0;
  const auto* extent = extents;
  const auto write = [&](const auto& part) {
    troupe::detail::byte_writer out{room.first(extent->size)};
    troupe::detail::encode(out, part);
    room = room.subspan((extent++)->size);
  };
  (write(parts), ...);
  detail::add_behind(size);
  return size;
}

/// As `restored`, of a checkpoint that was extended: the state and all that was added, one behind the other, for an `unpacker`.
[[nodiscard]] inline packed_bytes restored_parts() {
  return incarnation() == 0 ? packed_bytes{} : detail::saved();
}

/// What the process before this one saved last; nullopt where it has saved nothing, and in the first process. For the
/// constructor. Throws `malformed_message` where that was another type.
template <class State>
[[nodiscard]] std::optional<State> restored() {
  static_assert(troupe::detail::check_message<State>());
  if (incarnation() == 0) return std::nullopt;
  const auto bytes = detail::saved();
  if (bytes.empty()) return std::nullopt;
  unpacker from{bytes};
  std::optional<State> state{from.next<State>()};
  from.finish();
  return state;
}

/// A handle to this actor, to be handed to others. `A` must be its class.
template <class A>
[[nodiscard]] actor<A> self() {
  return troupe::detail::wire_form<actor<A>>::from(
      troupe::detail::wire_form<process>::to(detail::self_as_process()),
      troupe::detail::own_endpoint().get());
}

}  // namespace troupe::this_actor
