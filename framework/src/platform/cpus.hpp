// How many CPUs a process may keep busy.
#pragma once

#include <filesystem>
#include <optional>

namespace troupe::platform {

/// The CPUs that the calling process may run on (sched_getaffinity(2)); at least 1.
[[nodiscard]] unsigned cpus_by_affinity();

/// The CPUs' worth of time that control groups grant, rounded up; nullopt where none of them limits it. `membership` is
/// /proc/self/cgroup, `mount` is where the hierarchies are mounted: /sys/fs/cgroup. Version 2 (cpu.max) and version 1 (CFS
/// quota), the group itself and all above it: see the kernel's admin-guide/cgroup-v2.
[[nodiscard]] std::optional<unsigned> cpus_by_quota(const std::filesystem::path& membership,
                                                    const std::filesystem::path& mount);

/// For loops that look for what another CPU writes: leaves the core's units to its other thread for a moment.
inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// The cache line at that address will be read soon: it is fetched meanwhile. Changes nothing else.
inline void will_read(const void* line) {
#if defined(__x86_64__)
  // GCC leaves out a function that does nothing but __builtin_prefetch.
  asm volatile("prefetcht0 %0" : : "m"(*static_cast<const char*>(line)));
#else
  __builtin_prefetch(line, 0);
#endif
}

/// The cache line at that address will be written soon, and another CPU has used it last: it is fetched meanwhile. Changes
/// nothing else.
inline void will_write(const void* line) {
#if defined(__x86_64__)
  asm volatile("prefetchw %0"
               :
               : "m"(*static_cast<const char*>(line)));  // no processor of the kind refuses it
#else
  __builtin_prefetch(line, 1);
#endif
}

}  // namespace troupe::platform
