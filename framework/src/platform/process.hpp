// Processes: starting, naming, signalling and reaping them. Signals go through pidfds, so never to a wrong process.
#pragma once

#include "platform/clock.hpp"
#include "platform/descriptor.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <signal.h>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace troupe::platform {

/// How a process ended, as the kernel tells its parent.
struct ended {
  pid_t pid = 0;
  bool by_signal = false;
  int code = 0;  ///< exit code, or the signal's number
  bool core_dumped = false;
  std::chrono::microseconds user_time{};
  std::chrono::microseconds system_time{};
  std::uint64_t max_resident_bytes = 0;
};

/// A process named by a descriptor (pidfd): the name stays right after the pid has been given to another.
class process_handle {
 public:
  process_handle() = default;

  /// Opens `pid`; only for a child of the caller that it has not reaped, or for the caller's own parent: any other pid may
  /// have changed hands, unless it is made sure afterwards that nobody had reaped it. Empty where there is no such process.
  [[nodiscard]] static process_handle open(pid_t pid);

  /// Sends `signal`, and has a stopped process see it where it is SIGTERM (which would wait for its SIGCONT). False where the
  /// process is gone, or has become another user's.
  bool send(int signal) const;

  /// Waits until the process ends, and reaps it where it is a child of the caller. Empty at the deadline, and also where
  /// somebody else reaped it (a host that ignores SIGCHLD or runs its own waitpid(-1) loop).
  std::optional<ended> reap(time_point deadline) const;

  /// Readable once the process has ended.
  [[nodiscard]] int descriptor_number() const { return pidfd_.get(); }
  [[nodiscard]] descriptor take_descriptor() && { return std::move(pidfd_); }
  explicit operator bool() const { return static_cast<bool>(pidfd_); }

 private:
  descriptor pidfd_;
};

/// The next child that has ended, without reaping it: whoever asks may still signal its process group. Guardian only.
[[nodiscard]] std::optional<pid_t> peek_ended_child();

/// Reaps the ended child `pid`. Guardian only.
[[nodiscard]] std::optional<ended> reap_child(pid_t pid);

/// Signals a child that the caller has not reaped, as `process_handle::send`: by a pidfd that is opened for it, and where there is
/// no room for one by its number, which is its own until it is reaped. Guardian only.
bool signal_child(pid_t child, int signal);

/// Waits for the end of the child `pid`, and reaps it. Guardian only.
void await_child(pid_t pid);

/// Kills the process group whose leader is `leader`: a child not yet reaped, so that the number is still its own.
void kill_group(pid_t leader);

/// The caller's children now, adopted ones included.
[[nodiscard]] std::vector<pid_t> children();

/// A descriptor that becomes readable when children have ended, SIGCHLD being blocked in the caller. Single-threaded
/// processes of ours only.
[[nodiscard]] descriptor watch_children();
/// Forgets what `watch_children`'s descriptor has reported so far.
void acknowledge_children(const descriptor& watch);

/// What `start_program` starts.
struct program {
  const descriptor* executable = nullptr;  ///< an open file, so that replacing the path does not matter
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  ///< NAME=value
  int inherited = -1;       ///< the one descriptor handed over; it gets the number `inherited_number`
  bool own_session = true;  ///< otherwise it leads a process group in the caller's session
};
inline constexpr int inherited_number = 3;

/// Executes a program, with default signal dispositions, nothing masked and /dev/null as its
/// standard streams. Safe in a process with many threads (posix_spawn). Throws `std::system_error`.
[[nodiscard]] pid_t start_program(const program& what);

/// Forks the calling, single-threaded process; returns 0 in the child.
[[nodiscard]] pid_t fork_child();

/// Forks the calling, single-threaded process as a child of the *caller's parent* (CLONE_PARENT), which learns its end and
/// keeps it when the caller dies. Returns 0 in the child. Throws `std::system_error`.
[[nodiscard]] pid_t fork_sibling();

/// Ends the process at once: no atexit handlers, no static destructors, no stream is flushed.
[[noreturn]] void exit_now(int code);

/// Makes the caller adopt the orphans among its descendants.
void become_subreaper();

/// Has the caller killed when its parent ends; false where that has already happened. `parent` must be single-threaded:
/// the kernel means the parent's thread (prctl(2), PR_SET_PDEATHSIG).
[[nodiscard]] bool die_with_parent(pid_t parent);

/// Puts the caller at the head of a process group of its own, out of reach of the terminal's Ctrl-C.
void lead_own_group();

/// Gives signals back their default dispositions and unblocks them all.
void reset_signals();

/// Blocks every signal in the calling thread for a while: a thread started meanwhile has them blocked for good.
class signals_blocked {
 public:
  signals_blocked();
  ~signals_blocked();
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;

 private:
  sigset_t before_;
};

/// Makes writing to a pipe without a reader an error, not a signal. Processes of ours only.
void ignore_broken_pipes();

/// Closes every descriptor but 0 to 2 and `kept`.
void close_all_but(std::span<const int> kept);

/// Makes `source` the standard stream `number` (0 to 2).
void set_standard_stream(int number, int source);

/// Names the calling process as `ps` shows it: the command (15 bytes) and, where `start_program` left room, the arguments.
void set_process_name(const std::string& name);

/// Room behind a program's arguments that `set_process_name` may write to: padding for the first environment string.
inline constexpr std::size_t name_room = 160;

[[nodiscard]] pid_t own_pid();
[[nodiscard]] pid_t parent_pid();
/// The caller's own arguments, and its environment.
[[nodiscard]] std::vector<std::string> own_arguments();
[[nodiscard]] std::vector<std::string> own_environment();
/// What `pid` was started with, and whatever `overwrite_variable` has made of it since. Empty where the kernel does not show
/// it to the caller, and for a moment while another program is being executed.
[[nodiscard]] std::vector<std::string> environment_of(pid_t pid);
/// Gives a variable of the caller's own environment another value of the same length, in place. Does nothing where there is
/// none, or one of another length.
void overwrite_variable(const char* name, std::string_view value);
/// The file that the caller executes, open. Throws `std::system_error`.
[[nodiscard]] descriptor own_executable();

/// Opens a program's file, as `program::executable`. Throws `std::system_error`, also where it is not executable.
[[nodiscard]] descriptor open_executable(const std::string& path);

/// How many threads the calling process has.
[[nodiscard]] std::size_t own_threads();
/// Random bits from the kernel.
[[nodiscard]] std::uint64_t random_bits();
/// Whether the kernel has a signal of that number.
[[nodiscard]] bool is_signal(int number);
/// "SIGKILL" for 9, and so on; "signal N" for those without a name.
[[nodiscard]] std::string signal_name(int signal);

inline constexpr int terminate_signal = 15;
inline constexpr int kill_signal = 9;
inline constexpr int pause_signal = 19;
inline constexpr int resume_signal = 18;

}  // namespace troupe::platform
