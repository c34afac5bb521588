// What a new process does before it is an actor, forked or executed.
#pragma once

#include "platform/descriptor.hpp"
#include "process/control.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::process_layer {

/// What to do where a program's second start does not become what it was started for.
inline constexpr std::string_view guard_advice =
    "; make the actor_system, or call troupe::guard(argc, argv), before anything in main that may end the "
    "program";

/// What a new actor process runs: never returns.
using actor_main = void (*)(platform::descriptor control);

/// The descriptors of a new actor.
struct actor_descriptors {
  platform::descriptor control;
  platform::descriptor output;
  platform::descriptor errors;
};

/// Lines that actors print appear when they are whole, as on a terminal: whoever watches one sees what it does. Children by
/// fork inherit it.
void buffer_lines();

/// In the new process, which is single-threaded: makes it an actor. Where it was limited, or `confirms`, the guardian is
/// told whether that worked.
[[noreturn]] void become_actor(const fork& order, actor_descriptors given, pid_t guardian, bool confirms,
                               actor_main run_actor);

/// In the new process, which is single-threaded: waits to be told which actor it is, and becomes it. Nothing of the user's runs
/// before that.
[[noreturn]] void become_standby(actor_descriptors given, pid_t guardian, actor_main run_actor);

/// In a process that was executed to be an actor: waits for its order, which must have this cookie, and becomes it.
[[noreturn]] void become_executed_actor(platform::descriptor control, std::uint64_t cookie, pid_t guardian,
                                        actor_main run_actor);

/// Loads shared libraries in their order; nothing may start a thread meanwhile. Returns what went wrong, empty where nothing
/// did.
[[nodiscard]] std::string load_modules(const std::vector<std::string>& paths);

}  // namespace troupe::process_layer
