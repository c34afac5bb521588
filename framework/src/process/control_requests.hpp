// What a client, the host or an actor, says to the guardian.
#pragma once

#include <troupe/detail/endpoint.hpp>
#include <troupe/group.hpp>
#include <troupe/hang.hpp>
#include <troupe/options.hpp>

#include "platform/limits.hpp"
#include "process/control_kind.hpp"
#include "process/inquiry.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::process_layer {

/// The host's first words. Descriptors: its standard output and error, as far as it has them.
struct hello {
  static constexpr auto kind = control_kind::hello;
  std::uint32_t version = control_version;  ///< first, whatever else changes
  std::uint64_t cookie = 0;
  std::int32_t host = 0;  ///< its process number
  troupe::output output{};
  bool has_output = false;
  bool has_error = false;
  std::uint64_t grace_milliseconds = 0;  ///< for what an ended actor had spawned
  std::uint64_t start_milliseconds = 0;  ///< for what has to come to its guard by itself
  std::uint64_t spin_nanoseconds = 0;    ///< of who waits for a message
  std::uint32_t max_depth = 0;
  start_method start = start_method::fork;
  troupe::lane lane{};
  std::uint32_t standbys = 0;          ///< how many processes wait to be actors
  std::vector<std::string> modules{};  ///< to be loaded before the first actor starts
};

/// The group that a new actor is to be a member of.
struct group_order {
  std::uint64_t number = 0;
  std::string name;
  troupe::strategy strategy{};
  std::uint64_t grace_milliseconds = 0;
};

struct spawn {
  static constexpr auto kind = control_kind::spawn;
  request_number request = 0;
  std::uint64_t entry = 0;
  std::string name;  ///< empty: default_name and the actor's number
  std::string default_name;
  std::uint64_t mailbox_messages = 0;
  std::uint64_t mailbox_bytes = 0;
  std::optional<troupe::lane> lane;
  std::optional<start_method> start;
  platform::limits limits;
  std::string module;       ///< the file that the entry lies in, as the spawner has it
  bool in_program = false;  ///< that is the spawner's program, not a shared library
  std::vector<std::uint8_t> arguments;
  std::uint64_t outside_arguments = 0;  ///< their size, where they lie in the message's descriptor instead
  std::uint32_t in_flight = 0;
  std::uint32_t attached = 0;  ///< shared memory in the arguments: the descriptors behind that
  restart_policy restart;      ///< or the group's
  std::uint32_t max_attempts = 1;
  std::optional<group_order> group;
  hang_policy hangs;
  std::optional<std::uint64_t> grace_milliseconds{};
};
/// More than this is an `outside_arguments`: the guardian hands it through without looking.
inline constexpr std::size_t max_inside_arguments = 16 * 1024;

/// Actors that are started from now on have this shared library.
struct preload {
  static constexpr auto kind = control_kind::preload;
  request_number request = 0;
  std::string module;
};

struct connect {
  static constexpr auto kind = control_kind::connect;
  request_number request = 0;
  detail::actor_ref to;
};

struct watch {
  static constexpr auto kind = control_kind::watch;
  detail::actor_ref whom;
};

/// Which actors are alive.
struct list {
  static constexpr auto kind = control_kind::list;
  request_number request = 0;
};

/// Who is the system's gateway? Where `is` has an id, and there is none, that one from now on.
struct gateway {
  static constexpr auto kind = control_kind::gateway;
  request_number request = 0;
  detail::actor_ref is{};
  std::string name{};
  std::uint32_t node = 0;  ///< the system's number among several
};

/// Is that an actor's key? For who was given both by a stranger.
struct verify {
  static constexpr auto kind = control_kind::verify;
  request_number request = 0;
  detail::actor_ref whom{};
};

/// The receiver is to end after it has handled this client's messages up to `sequence`.
struct stop {
  static constexpr auto kind = control_kind::stop;
  detail::actor_ref whom;
  std::uint64_t sequence = 0;
  std::uint32_t slot = 0;  ///< which channel's messages: in the receiver's page
};

/// Nobody wants the answer of that call any more: the receiver need not begin it.
struct cancel {
  static constexpr auto kind = control_kind::cancel;
  detail::actor_ref whom;
  std::uint32_t slot = 0;  ///< which channel it came over: in the receiver's page
  std::uint64_t call = 0;
};

struct signal {
  static constexpr auto kind = control_kind::signal;
  detail::actor_ref whom;
  std::int32_t number = 0;
};

/// The client has read everything from a channel whose other end is gone: its slot may be used again.
struct release {
  static constexpr auto kind = control_kind::release;
  std::uint32_t slot = 0;
  std::uint64_t head = 0;  ///< of its own journal: nothing is sent any more
};

/// An actor's last words before it exits: the exception that ends it.
struct failed {
  static constexpr auto kind = control_kind::failed;
  std::string type;
  std::string text;
};

/// The sender has been blocked for a while, or blocks on an actor that is.
struct blocked {
  static constexpr auto kind = control_kind::blocked;
};

/// The answer to `inquire`.
struct standing {
  static constexpr auto kind = control_kind::standing;
  std::uint64_t inquiry = 0;
  wait_state state;
};

/// The host only: end every actor.
struct shutdown {
  static constexpr auto kind = control_kind::shutdown;
  std::uint64_t grace_milliseconds = 0;
};

}  // namespace troupe::process_layer
