// What the kernel says of processes and descriptors, for tests.
#pragma once

#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <sys/types.h>
#include <vector>

namespace support {

/// Children of this process, of all its threads; with it as a subreaper also what its descendants left behind.
std::vector<pid_t> children_of(pid_t pid);
/// All below `pid`, zombies included.
std::vector<pid_t> descendants_of(pid_t pid);
std::set<int> open_descriptors();
/// What each descriptor refers to, for messages: "7 -> socket:[...]".
std::string describe_descriptor(int number);

/// The name in /proc/<pid>/comm; empty where the process is gone.
std::string command_of(pid_t pid);
/// One letter of /proc/<pid>/stat: R, S, T, Z, ...; 0 where the process is gone.
char state_of(pid_t pid);
pid_t parent_of(pid_t pid);
pid_t session_of(pid_t pid);
/// The descriptors that another process has open.
std::set<int> open_descriptors_of(pid_t pid);
/// Resident bytes; 0 where the process is gone.
std::size_t resident_bytes_of(pid_t pid);
/// What RLIMIT_DATA counts; 0 where the process is gone.
std::size_t data_bytes_of(pid_t pid);
/// The descendant of `pid` of that command; 0 where there is none.
pid_t descendant_called(const std::string& command, pid_t pid);

/// How long a test waits for what should come at once: 20 seconds, or as many as TROUPE_TEST_PATIENCE says.
std::chrono::milliseconds usual_patience();

/// Waits on a pidfd until the process has ended (a zombie has); false after `patience`.
bool wait_until_ended(pid_t pid, std::chrono::milliseconds patience = usual_patience());

/// For what has no event to wait for: a state in /proc, a page in shared memory. Looks again and again, giving way to others
/// in between; false after `patience`.
bool wait_until(const std::function<bool()>& done, std::chrono::milliseconds patience = usual_patience());

/// Adopts the orphans of this process's descendants from here on.
void become_subreaper();

}  // namespace support
