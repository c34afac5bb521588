// The zygote: a small single-threaded process that forks actors. A start costs a fork, whatever the host's size, and no
// process with threads is ever forked.
#pragma once

#include "platform/descriptor.hpp"
#include "platform/process.hpp"
#include "process/actor_start.hpp"

#include <string>
#include <vector>

namespace troupe::process_layer {

struct zygote_process {
  pid_t pid = 0;
  platform::descriptor control;
};

/// Forks the zygote off the calling, single-threaded guardian. Where there are modules it first loads them, and says
/// `loaded`; if that fails it ends.
[[nodiscard]] zygote_process start_zygote(actor_main run_actor, const std::vector<std::string>& modules = {});

}  // namespace troupe::process_layer
