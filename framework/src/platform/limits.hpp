// What the kernel grants a process: limits set on the calling process, before it runs anything of the user's.
#pragma once

#include <cstdint>
#include <optional>
#include <sys/types.h>
#include <vector>

namespace troupe::platform {

/// Zero and empty mean: as inherited.
struct limits {
  std::uint64_t private_data = 0;   ///< bytes: RLIMIT_DATA
  std::uint64_t cpu_seconds = 0;    ///< RLIMIT_CPU: SIGXCPU, and a second later SIGKILL
  std::vector<std::uint32_t> cpus;  ///< the set of CPUs: sched_setaffinity(2)
  std::int32_t niceness = 0;        ///< -20 to 19
  std::uint64_t open_files = 0;     ///< RLIMIT_NOFILE

  [[nodiscard]] bool any() const {
    return private_data != 0 || cpu_seconds != 0 || !cpus.empty() || niceness != 0 || open_files != 0;
  }
};

/// Limits the calling process. Throws `std::runtime_error` with a sentence that says what is not possible, and why.
void apply(const limits& wanted);

/// Raises the calling process's soft limit of descriptors to the hard one, where it may. The hard one is lowered to `most`
/// where it is above that, for the kernel refuses it; nullopt: to what this machine allows a process, fs.nr_open.
void raise_open_files(std::optional<std::uint64_t> most = std::nullopt);
/// Gives a process that was started since the soft limit from before that; 0: the calling one. After a fork
/// (async-signal-safe).
void restore_open_files(pid_t of);

/// The CPUs that the calling process may run on, by their numbers.
[[nodiscard]] std::vector<std::uint32_t> allowed_cpus();

/// The signal of a process that has used up its CPU time.
[[nodiscard]] bool is_cpu_time_signal(int signal);

}  // namespace troupe::platform
