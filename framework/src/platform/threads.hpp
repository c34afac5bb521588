// Whether there are threads.
#pragma once

#include <sys/single_threaded.h>

namespace troupe::platform {

/// Whether this process has never had another thread, so that nothing of it needs to be atomic: most actors. May be false
/// where that is so.
[[nodiscard]] inline bool has_one_thread() { return __libc_single_threaded != 0; }

}  // namespace troupe::platform
