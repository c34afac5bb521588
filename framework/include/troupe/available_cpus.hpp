// How many CPUs there are to use.
#pragma once

namespace troupe {

/// The CPUs that this process may keep busy: those it may run on (affinity), or fewer where a control group's quota grants
/// less time (cpu.max, or the CFS quota of version 1; a part of a CPU counts as one). At least 1. May change while the
/// process runs. Reads a few files of the kernel's. Any thread, any process, without an `actor_system` too.
[[nodiscard]] unsigned available_cpus();

}  // namespace troupe
