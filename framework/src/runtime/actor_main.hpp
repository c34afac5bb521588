// What a new actor process runs.
#pragma once

#include "platform/descriptor.hpp"

namespace troupe::runtime {

/// Waits for the order of what to be, is that, and ends the process.
[[noreturn]] void run_actor(platform::descriptor control);

}  // namespace troupe::runtime
