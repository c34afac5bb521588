// The zygote: a small single-threaded process that forks actors. A start costs a fork, whatever the host's size, and no
// process with threads is ever forked.
#pragma once

#include "platform/descriptor.hpp"
#include "platform/process.hpp"

#include <string>

namespace troupe::process_layer {

/// What a new actor process runs: never returns.
using actor_main = void (*)(platform::descriptor control);

struct zygote_process {
  pid_t pid = 0;
  platform::descriptor control;
};

/// Forks the zygote off the calling, single-threaded guardian.
[[nodiscard]] zygote_process start_zygote(actor_main run_actor);

}  // namespace troupe::process_layer
