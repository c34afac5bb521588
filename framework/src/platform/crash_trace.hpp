// Where a process was when a signal of its own making killed it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace troupe::platform {

/// Of one call: which file's code, and where in it.
struct crash_frame {
  std::array<char, 56> module;  ///< the end of its path; zeros behind it
  std::uint64_t offset;
};

/// In memory that outlives the process. What others have written to it is looked at as such: any bytes will do.
struct crash_trace {
  std::atomic<std::uint32_t> frames;  ///< stored last
  std::atomic<std::int32_t> process;  ///< whose
  std::array<crash_frame, 32> frame;
};

/// What `record_crashes` does that children by fork inherit: in who forks them, once for all. Until they record, a crash ends
/// them as if this had not been called.
void prepare_to_record_crashes();

/// From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT, as far as nobody handles them, note in `where` what was being
/// called, and then kill this process as they would have. Takes an alternate stack for signals where the calling thread has none.
/// The process's main thread, once.
void record_crashes(crash_trace& where);

/// Of that process; empty where it has written none. A line each, innermost first: "/usr/bin/program+0x1a2b", with " (parser::parse(int)+0x1b)" behind it where this process has
/// that file too, and the function is one that other files may use.
[[nodiscard]] std::vector<std::string> lines_of(const crash_trace& trace, pid_t process);

}  // namespace troupe::platform
