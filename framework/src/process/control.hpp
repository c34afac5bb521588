// The control protocol between the guardian and everybody else: plain aggregates, one a packet, a kind in front. Data never
// travels here, so control is never behind data.
#pragma once

#include <troupe/actor_entry.hpp>
#include <troupe/detail/codec.hpp>
#include <troupe/detail/endpoint.hpp>
#include <troupe/errors.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/group.hpp>
#include <troupe/options.hpp>

#include "platform/limits.hpp"
#include "process/inquiry.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::process_layer {

enum class control_kind : std::uint8_t {
  hello = 1,
  ready,
  spawn,
  spawned,
  refused,
  connect,
  connected,
  accepted,
  watch,
  watching,
  down,
  stop,
  signal,
  failed,
  shutdown,
  stopped,
  release,
  start,
  fork,
  forked,
  list,
  listed,
  blocked,
  inquire,
  standing,
  deadlocked,
  execute,
  entered,
  loaded,
  preload,
  preloaded,
  cancel,
  interrupted,
  reattached,
  unhandled,
  escalated,
};

/// Of this protocol. The guardian's program may be another file than the host's (`system_options::executable`).
inline constexpr std::uint32_t control_version = 6;

/// Of how many actors it is remembered how they ended, for whoever asks late.
inline constexpr std::size_t remembered_ends = 4096;

/// Chosen by whoever asks; its answer carries it.
using request_number = std::uint64_t;

// --- A client (the host or an actor) to the guardian ----------------------------------------------------------------

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
  std::uint32_t max_depth = 0;
  start_method start = start_method::fork;
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
  std::optional<start_method> start;
  platform::limits limits;
  std::string module;       ///< the file that the entry lies in, as the spawner has it
  bool in_program = false;  ///< that is the spawner's program, not a shared library
  std::vector<std::uint8_t> arguments;
  std::uint64_t outside_arguments = 0;  ///< their size, where they lie in the message's descriptor instead
  std::uint32_t in_flight = 0;
  std::uint32_t attached = 0;  ///< shared memory in the arguments: the descriptors behind that
  restart_policy restart;  ///< or the group's
  std::uint32_t max_attempts = 1;
  std::optional<group_order> group;
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

// --- The guardian to its clients ------------------------------------------------------------------------------------

/// To the host. Descriptor: its page.
struct ready {
  static constexpr auto kind = control_kind::ready;
  std::int32_t guardian_pid = 0;
};

/// Which channel comes with the descriptors: socket, outgoing journal, incoming journal, the peer's page.
struct channel_numbers {
  std::uint32_t peer = 0;
  std::uint32_t own_slot = 0;
  std::uint32_t peer_slot = 0;
  bool peer_may_return = false;  ///< its process is replaced when it dies
};
inline constexpr std::size_t channel_descriptors = 4;

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
};

// --- Starting a process ---------------------------------------------------------------------------------------------------

/// To the zygote, or as a part of `execute`. Descriptors: the new actor's control socket (to the zygote only), its standard
/// output, its standard error.
struct fork {
  static constexpr auto kind = control_kind::fork;
  std::uint32_t actor = 0;
  std::string name;
  std::uint64_t entry = 0;
  platform::limits limits;  ///< where there are any, the new process says `entered`
};

/// The first message to a process that was executed to be an actor.
struct execute {
  static constexpr auto kind = control_kind::execute;
  std::uint64_t cookie = 0;
  fork what;
  std::vector<std::string> modules;  ///< to be loaded
  std::string module;  ///< to be loaded too where the entry is not there without it; may be empty
};

/// From a new actor, or the new zygote (`loaded`): it is what it was to be, or why it is not and ends.
struct entered {
  static constexpr auto kind = control_kind::entered;
  std::string stage;  ///< empty: all is well
  std::string why;
};
struct loaded {
  static constexpr auto kind = control_kind::loaded;
  std::string why;  ///< empty: all is well
};

struct forked {
  static constexpr auto kind = control_kind::forked;
  std::uint32_t actor = 0;
  std::int32_t pid = 0;  ///< 0: the fork failed
  std::string stage;
  std::string why;
};

/// The stage of a start that failed because the program of the actors does not have what is to be run.
inline constexpr const char* unknown_entry = "unknown";

}  // namespace troupe::process_layer
