// A process's own end by the kernel's clock.
#pragma once

#include <chrono>
#include <optional>

namespace troupe::platform {

/// Has the kernel send SIGKILL to this process after `time`, which is positive; nullopt: not any more. The last call counts.
/// A child by fork does not have it. Throws `std::system_error`. Threads: one at a time.
void kill_self_after(std::optional<std::chrono::nanoseconds> time);

}  // namespace troupe::platform
