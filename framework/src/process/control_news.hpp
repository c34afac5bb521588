// What the guardian says to its clients.
#pragma once

#include <troupe/actor_entry.hpp>
#include <troupe/detail/endpoint.hpp>
#include <troupe/errors.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/hang.hpp>

#include "channel/journal.hpp"
#include "process/control_kind.hpp"

#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

namespace troupe::process_layer {

/// To the host. Descriptor: its page.
struct ready {
  static constexpr auto kind = control_kind::ready;
  std::int32_t guardian_pid = 0;
};

/// Which channel comes with the descriptors: socket, journals, the peer's page.
struct channel_numbers {
  std::uint32_t peer = 0;
  std::uint32_t own_slot = 0;
  std::uint32_t peer_slot = 0;
  channel::direction outgoing{};  ///< which journal the receiver writes
  bool peer_may_return = false;   ///< its process is replaced when it dies
};
inline constexpr std::size_t channel_descriptors = 3;

struct spawned {
  static constexpr auto kind = control_kind::spawned;
  request_number request = 0;
  detail::actor_ref ref;
  std::string name;
  std::int32_t pid = 0;
  channel_numbers channel;
};

/// Without descriptors where there is such a channel already: then only `peer` and `own_slot` say which.
struct connected {
  static constexpr auto kind = control_kind::connected;
  request_number request = 0;
  std::string name;
  std::int32_t pid = 0;
  channel_numbers channel;
};

/// A message that the receiver's last process was handling when it died.
struct unfinished_message {
  std::uint64_t sequence = 0;
  std::uint32_t attempts = 0;  ///< so far
  bool goes_on = false;        ///< it is handled again
};

/// Somebody has connected to the receiver; or had connected to its last process. Descriptors as for `connected`.
struct accepted {
  static constexpr auto kind = control_kind::accepted;
  channel_numbers channel;
  std::uint32_t epoch = 0;  ///< not 0: the channel is an old one
  std::vector<unfinished_message> unfinished{};
  bool peer_has_died = false;  ///< the last process at the other end, too
};

/// The process at the other end of that channel has died, and another will come.
struct interrupted {
  static constexpr auto kind = control_kind::interrupted;
  std::uint32_t actor = 0;
  std::uint32_t own_slot = 0;
  std::vector<std::uint64_t> again{};  ///< messages that had begun and will be handled again
  exit_status status;
};

/// It is there. Descriptor: the socket.
struct reattached {
  static constexpr auto kind = control_kind::reattached;
  std::uint32_t actor = 0;
  std::uint32_t own_slot = 0;
  std::uint32_t epoch = 0;
};

struct listed {
  static constexpr auto kind = control_kind::listed;
  request_number request = 0;
  std::int32_t host_pid = 0;
  std::vector<actor_entry> actors;
};

/// The answer to `gateway`. Id 0: there is none.
struct gateway_is {
  static constexpr auto kind = control_kind::gateway_is;
  request_number request = 0;
  detail::actor_ref is{};
  std::string name{};
  std::uint32_t node = 0;
};

/// The answer to `verify`: of an actor that is alive, or of whose end it is known.
struct verified {
  static constexpr auto kind = control_kind::verified;
  request_number request = 0;
  bool is_so = false;
};

struct preloaded {
  static constexpr auto kind = control_kind::preloaded;
  request_number request = 0;
};

/// A `spawn`, `connect`, `preload` or, with the number 0, `hello` that did not work.
struct refused {
  static constexpr auto kind = control_kind::refused;
  request_number request = 0;
  std::string stage;
  std::string why;
};

/// The stage at which the guardian, or who asked it, had no room for what belongs to an actor or a channel.
inline constexpr const char* out_of_room = "descriptors and memory";
/// Why, with what to do about it.
[[nodiscard]] inline std::string with_advice_on_room(const std::string& why) {
  return why +
         "; raise the limit of open files (ulimit -n; in the guardian ulimit -Hn), or have fewer actors";
}
/// The same. Where the kernel says that memory is short (ENOMEM), descriptors are not what is.
[[nodiscard]] inline std::string with_advice_on_room(const std::system_error& problem) {
  const std::string why = problem.what();
  if (problem.code() != std::errc::not_enough_memory) return with_advice_on_room(why);
  return why +
         "; memory is short, or a process has as many mappings as it may: raise that (sysctl "
         "vm.max_map_count), or have fewer actors";
}

struct watching {
  static constexpr auto kind = control_kind::watching;
  std::uint32_t actor = 0;
  std::int32_t pid = 0;
};

struct down {
  static constexpr auto kind = control_kind::down;
  std::uint32_t actor = 0;
  std::string name;
  std::int32_t pid = 0;
  exit_status status;
};

/// To an actor: a client's `stop`, passed on.
struct stop_after {
  static constexpr auto kind = control_kind::stop;
  std::uint32_t client = 0;
  std::uint64_t sequence = 0;
  std::uint32_t slot = 0;
};

/// To an actor: how do you stand? It answers when it is blocked, or idle.
struct inquire {
  static constexpr auto kind = control_kind::inquire;
  std::uint64_t inquiry = 0;
};

/// To an actor: its wait closes a circle.
struct deadlocked {
  static constexpr auto kind = control_kind::deadlocked;
  std::uint64_t wait = 0;
  std::string circle;  ///< "a waits for b, which waits for a"
};

/// To an actor: a client's `cancel`, passed on.
struct cancel_call {
  static constexpr auto kind = control_kind::cancel;
  std::uint32_t client = 0;
  std::uint32_t slot = 0;
  std::uint64_t call = 0;
};

/// To the host: what one sender had sent to an actor that is gone, or has died over it, and nobody will handle.
struct unhandled {
  static constexpr auto kind = control_kind::unhandled;
  struct letter {
    std::uint64_t method = 0;
    std::uint64_t size = 0;
    std::uint32_t attempts = 0;
    call_fate fate{};
    bool was_asked = false;
    std::vector<std::uint8_t> bytes;
  };
  std::string actor;
  std::int32_t pid = 0;
  std::string sender;
  exit_status cause;
  std::vector<letter> letters;
  std::uint64_t left_out = 0;  ///< more of them
};

/// To the host: a group of its own has ended.
struct escalated {
  static constexpr auto kind = control_kind::escalated;
  std::string group;
  std::vector<std::string> causes;
};

/// To the host: an actor hangs.
struct hangs {
  static constexpr auto kind = control_kind::hangs;
  std::string actor;
  std::int32_t pid = 0;
  hang_sign sign{};
  std::uint64_t since_milliseconds = 0;
  std::uint64_t method = 0;
  std::string waits_for;
};

struct ended_actor {
  std::string name;
  std::int32_t pid = 0;
  exit_status status;
  bool killed = false;
};
struct stopped {
  static constexpr auto kind = control_kind::stopped;
  std::vector<ended_actor> actors;
};

/// An actor's first message. Descriptors: its page, where it may return the two memories for checkpoints, and the arguments
/// where they lie outside.
struct start {
  static constexpr auto kind = control_kind::start;
  detail::actor_ref self;
  std::string name;
  std::uint64_t entry = 0;
  std::vector<std::uint8_t> arguments;
  detail::actor_ref parent;  ///< id 0: the host
  std::string parent_name;
  std::uint64_t outside_arguments = 0;
  std::uint32_t in_flight = 0;
  std::uint32_t incarnation = 0;  ///< how often it has been started before
  bool may_return = false;        ///< it is started again when it dies
  std::uint64_t spin_nanoseconds = 0;
};

}  // namespace troupe::process_layer
