// How a program that was started again becomes the guardian, and how the host starts it.
#pragma once

#include <troupe/options.hpp>

#include "platform/process.hpp"
#include "process/control_link.hpp"
#include "process/zygote.hpp"

#include <cstdint>
#include <string>

namespace troupe::process_layer {

/// Whether this process was started to be a guardian or an actor and has not become it yet. The environment variable that says so is
/// taken out of the environment before `main`, and before any static object of the program that may start others.
[[nodiscard]] bool is_at_the_entrance();

/// Becomes what it was started for: the guardian, or an actor (`start_method::spawn`). Actors will run `run_actor`.
[[noreturn]] void enter(actor_main run_actor);

/// Executes the program again, as an actor that is the calling guardian's child and has this end of a control socket. Throws
/// `std::system_error`.
[[nodiscard]] pid_t execute_as_actor(std::uint64_t cookie, const platform::descriptor& control);

/// The path of a shared library as another process finds it, whatever its working directory.
[[nodiscard]] std::string whole_module_path(const std::string& path);

/// What the host holds of its guardian.
struct launched_guardian {
  control_link link;
  platform::process_handle process;
  pid_t pid = 0;
  platform::descriptor page;  ///< the host's own
};

/// Starts the program again and waits until it is the guardian. Throws `start_failed`, and then leaves nothing behind.
[[nodiscard]] launched_guardian launch_guardian(const system_options& options);

}  // namespace troupe::process_layer
