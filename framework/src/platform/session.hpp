// The processes of a session (setsid(2)), which a system's guardian leads.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace troupe::platform {

struct session_member {
  pid_t pid = 0;
  std::string name;  ///< as ps shows it
};

/// Those that exist, zombies too, in the order of their numbers, as /proc says (proc(5)). A process that has made a session
/// of its own is not among them.
[[nodiscard]] std::vector<session_member> processes_of_session(pid_t leader);

}  // namespace troupe::platform
