// What can be chosen about a system and about an actor. Every default is meant to be right for most.
#pragma once

#include <troupe/group.hpp>
#include <troupe/hang.hpp>
#include <troupe/restart.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// How what actors print reaches the host's standard output and error. Lines are never mixed.
enum class output : std::uint8_t {
  plain,    ///< as printed
  tagged,   ///< every line behind its actor's name: "[name] line"
  discard,  ///< thrown away; the last of a standard error is still kept for `exit_status::last_words`
};

/// How a new process comes to be.
enum class start_method : std::uint8_t {
  fork,  ///< forked from a small process that has done nothing yet: fast
  spawn,  ///< the program executed afresh: slower by what its start takes, and shares nothing with others, not even the
  ///< addresses it is loaded at
};

/// How messages reach a process. They lie in the same memory and are accounted for alike, so nothing differs but the time.
enum class lane : std::uint8_t {
  automatic,  ///< the one that is fastest: today `ring`
  socket,  ///< in packets, as long as the socket takes them: at least one system call for each turn that sends
  ring,    ///< the receiver reads them in that memory; packets only wake it
};

/// What the kernel grants an actor's process, from before its first line on. Zero and empty: as the host has it. What is not
/// possible, or not permitted, makes the spawn throw `start_failed`, stage "limits".
struct resource_limits {
  /// Bytes of private, writable memory (RLIMIT_DATA; not stacks, and not what is shared). What goes beyond is not given:
  /// `std::bad_alloc`.
  std::size_t private_data = 0;
  /// CPU time, rounded up to seconds (RLIMIT_CPU). Who has used it up is killed by SIGXCPU, or a second later by SIGKILL.
  std::chrono::milliseconds cpu_time{};
  std::vector<unsigned> cpus{};  ///< the CPUs that it may run on, by their numbers
  int niceness = 0;              ///< -20 to 19; less than the host's needs privileges
  std::size_t open_files = 0;    ///< descriptors at a time (RLIMIT_NOFILE); each channel takes one
};

struct system_options {
  detail::not_from_braces only_named{};

  /// How long leaving the scope waits for actors that were asked to stop, before SIGTERM and then SIGKILL: an actor that is
  /// in the middle of something has a chance, a stuck one does not hold up the host.
  std::chrono::milliseconds grace = std::chrono::seconds{2};

  /// How long the program's second start may take to reach its guard: static constructors run in it.
  std::chrono::milliseconds start_timeout = std::chrono::seconds{10};

  troupe::output output = troupe::output::plain;

  /// How long a process that waits for a message looks for it before it sleeps, where that pays and no other process wants
  /// the core: it finds out by itself, and again. 0: it sleeps at once. More than 10 ms is taken for that.
  std::chrono::nanoseconds spin = std::chrono::microseconds{20};

  /// How messages reach actors for which `spawn_options::lane` says nothing, and their answers whoever asked. Where this says
  /// `automatic`, the host's environment may say other: TROUPE_LANE=socket or ring.
  troupe::lane lane = troupe::lane::automatic;

  /// How deep actors may spawn actors: those of the host are at depth 1. What would be deeper is refused (`start_failed`,
  /// stage "too_deep"), so that actors that spawn their like do not take the machine.
  std::uint32_t max_depth = 64;

  /// How actors are started for which `spawn_options::start` says nothing.
  start_method start = start_method::fork;

  /// How many processes are kept ready to become actors, for starts by fork: such a start then does not wait for a fork, and
  /// others take their places meanwhile. They are of no class yet, and run nothing of yours before they are needed; in `ps`
  /// they are "troupe-standby". Each takes half a MiB of memory, five descriptors of the guardian, and a place among the
  /// user's processes (`ulimit -u`). For who starts workers while somebody waits: then as many as are started at once.
  std::uint32_t standbys = 0;

  /// The program that actors are processes of; empty: the host's own. For a host whose `main` is not ours. It calls
  /// `troupe::guard` first thing in its `main`, and contains the actors by being linked with the same shared library as
  /// the host (the same file: by its build id both know what is meant). It gets no arguments but its name.
  std::string executable{};

  /// Shared libraries that are loaded before the first actor starts, in this order. As `actor_system::preload`.
  std::vector<std::string> preload{};
};

/// On which of several nodes an actor is started: `troupe::peer` of <troupe/node.hpp> is one. A value.
struct placement {
  std::uint32_t node = 0;  ///< its number; 0: this one

  [[nodiscard]] constexpr bool is_here() const { return node == 0; }
};
/// On the node that has the fewest actors for each of its processors. With a restart policy it is also started again on another
/// when its node is down.
inline constexpr placement anywhere{0xffffffff};

struct spawn_options {
  detail::not_from_braces only_named{};

  /// Shown by ps, in output and in errors; need not be unique. Empty: the class or function's name and a number.
  std::string name{};

  /// The node that it is started on: `.on = node`, `.on = troupe::anywhere`. Its `group` must be none then.
  placement on{};

  /// Bounds of what one sender may have waiting at this actor; whichever is reached first makes `tell` wait. One message
  /// larger than the bound still passes, alone.
  std::size_t mailbox_messages = 16384;
  std::size_t mailbox_bytes = std::size_t{1} << 20;  ///< rounded up to a power of two, at least 128 KiB

  /// How its messages reach it, and its answers whoever asked. nullopt: as the system's options say.
  std::optional<troupe::lane> lane{};

  /// How many handlers that are coroutines (`task<T>`) may be suspended at a time: 1 to 16. With 1 each is finished before
  /// the next coroutine begins.
  std::uint32_t in_flight = 16;
  std::optional<start_method> start{};  ///< nullopt: as the system's options say
  resource_limits limits{};

  restart_policy restart{};
  /// How often the handling of one message may be begun where the actor is started again: a message during which it died so
  /// often is not handled any more. Whoever asked hears `actor_down`.
  std::uint32_t max_attempts = 1;
  /// When it hangs, and what is done about it: `.on_hang = {5s, hang_action::restart}`.
  hang_policy on_hang{};
  /// How long it may take to end where it is asked to because of others: its owner has ended, its group starts again, the
  /// system stops. Then it is killed. None: as long as `system_options` or `group_options` say; longer than that is in vain.
  std::optional<std::chrono::milliseconds> grace{};
  /// Makes it a member of that group, whose policy then counts in the place of `restart`.
  std::optional<troupe::group> group{};
};

}  // namespace troupe
