#include "platform/process.hpp"

#include "platform/error.hpp"
#include "platform/packet.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <linux/close_range.h>
#include <sched.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace troupe::platform {
namespace {

std::chrono::microseconds to_microseconds(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

// waitid(2) through the system call itself: the C library's wrapper has no room for the resource usage.
std::optional<ended> wait_for(idtype_t kind, id_t id, int options) {
  siginfo_t info{};
  rusage usage{};
  const auto result = retry([&] { return ::syscall(SYS_waitid, kind, id, &info, options, &usage); });
  if (result == -1 || info.si_pid == 0) return std::nullopt;
  ended end;
  end.pid = info.si_pid;
  end.by_signal = info.si_code != CLD_EXITED;
  end.code = info.si_status;
  end.core_dumped = info.si_code == CLD_DUMPED;
  end.user_time = to_microseconds(usage.ru_utime);
  end.system_time = to_microseconds(usage.ru_stime);
  end.max_resident_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  return end;
}

std::vector<std::string> split_at_zero(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::vector<std::string> parts;
  for (std::string part; std::getline(file, part, '\0');) parts.push_back(part);
  return parts;
}

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const auto& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// What this process, or the one that it was forked from, was started with, once a name stands in its place.
std::vector<std::string>& overwritten_arguments() {
  static std::vector<std::string> only;
  return only;
}

// The bytes that /proc/self/cmdline shows: proc(5), arg_start and arg_end.
std::span<char> argument_area() {
  std::ifstream file{"/proc/self/stat"};
  std::string stat{std::istreambuf_iterator<char>{file}, {}};
  const auto after_command = stat.rfind(')');
  if (after_command == std::string::npos) return {};
  std::array<std::uintptr_t, 2> bounds{};
  constexpr int first_field_after_command = 3, arg_start = 48, arg_end = 49;
  int field = first_field_after_command;
  for (std::size_t at = after_command + 2; at < stat.size(); ++field) {
    const auto end = std::min(stat.find(' ', at), stat.size());
    if (field == arg_start) bounds[0] = std::stoull(stat.substr(at, end - at));
    if (field == arg_end) bounds[1] = std::stoull(stat.substr(at, end - at));
    at = end + 1;
  }
  if (bounds[0] == 0 || bounds[1] <= bounds[0]) return {};
  return {reinterpret_cast<char*>(bounds[0]), bounds[1] - bounds[0]};
}

}  // namespace

process_handle process_handle::open(pid_t pid) {
  process_handle handle;
  const auto number = ::syscall(SYS_pidfd_open, pid, 0);
  if (number == -1 && errno != ESRCH) throw_system_error(errno, "pidfd_open", std::to_string(pid));
  if (number != -1) handle.pidfd_ = adopt_above_standard(static_cast<int>(number));
  return handle;
}

bool process_handle::send(int signal) const {
  if (!pidfd_) return false;
  if (::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0) == 0) {
    if (signal == SIGTERM) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGCONT, nullptr, 0);
    return true;
  }
  if (errno == ESRCH || errno == EPERM) return false;
  throw_system_error(errno, "pidfd_send_signal", signal_name(signal));
}

std::optional<ended> process_handle::reap(time_point deadline) const {
  if (!pidfd_ || !wait_readable({pidfd_.get()}, deadline)) return std::nullopt;
  return wait_for(P_PIDFD, static_cast<id_t>(pidfd_.get()), WEXITED | WNOHANG);
}

std::optional<pid_t> peek_ended_child() {
  const auto end = wait_for(P_ALL, 0, WEXITED | WNOHANG | WNOWAIT);
  return end ? std::optional{end->pid} : std::nullopt;
}

std::optional<ended> reap_child(pid_t pid) {
  return wait_for(P_PID, static_cast<id_t>(pid), WEXITED | WNOHANG);
}

bool signal_child(pid_t child, int signal) try {
  return process_handle::open(child).send(signal);
} catch (const std::system_error&) {
  const bool sent = ::kill(child, signal) == 0;
  if (sent && signal == SIGTERM) ::kill(child, SIGCONT);
  return sent;
}

void await_child(pid_t pid) { static_cast<void>(wait_for(P_PID, static_cast<id_t>(pid), WEXITED)); }

void kill_group(pid_t leader) {
  if (leader > 1) ::kill(-leader, SIGKILL);
}

std::vector<pid_t> children() {
  std::ifstream file{"/proc/thread-self/children"};
  return {std::istream_iterator<pid_t>{file}, {}};
}

descriptor watch_children() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  require("sigprocmask", "SIGCHLD", [&] { return ::sigprocmask(SIG_BLOCK, &set, nullptr); });
  return adopt_above_standard(
      require("signalfd", "SIGCHLD", [&] { return ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK); }));
}

void acknowledge_children(const descriptor& watch) {
  signalfd_siginfo info{};
  while (::read(watch.get(), &info, sizeof info) > 0) {
  }
}

pid_t start_program(const program& what) {
  // The executable's number must survive the dup2 below, which happens first in the child.
  const auto executable = descriptor::adopt(require("fcntl F_DUPFD_CLOEXEC", "executable", [&] {
    return ::fcntl(what.executable->get(), F_DUPFD_CLOEXEC, 16);
  }));
  const std::string path = "/proc/self/fd/" + std::to_string(executable.get());
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int stream : {0, 1, 2})
    posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, what.inherited, inherited_number);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  const int place = what.own_session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP;
  posix_spawnattr_setflags(&attributes,
                           static_cast<short>(place | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  pid_t pid = -1;
  const int failure = ::posix_spawn(&pid, path.c_str(), &actions, &attributes,
                                    pointers_to(what.arguments).data(), pointers_to(what.environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0)
    throw_system_error(failure, "posix_spawn", what.arguments.empty() ? "" : what.arguments.front());
  return pid;
}

pid_t fork_child() {
  return require("fork", "", [] { return ::fork(); });
}

pid_t fork_sibling() {
  // fork(3) with one more flag. The C library keeps the thread's id and robust list in the thread's descriptor and renews
  // them in fork(3); a bare clone(2) must do the same: the id through CLONE_CHILD_SETTID at the address that the library
  // registered, the list by registering it again.
  int* thread_id = nullptr;
  require("prctl", "PR_GET_TID_ADDRESS", [&] { return ::prctl(PR_GET_TID_ADDRESS, &thread_id, 0, 0, 0); });
  void* robust_list = nullptr;
  std::size_t robust_size = 0;
  ::syscall(SYS_get_robust_list, 0, &robust_list, &robust_size);
  const unsigned long flags = CLONE_PARENT | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;
  const auto pid = require("clone", "CLONE_PARENT", [&] {
#if defined(__x86_64__)
    return ::syscall(SYS_clone, flags, nullptr, nullptr, thread_id, 0);
#else
    return ::syscall(SYS_clone, flags, nullptr, nullptr, 0, thread_id);
#endif
  });
  if (pid == 0) ::syscall(SYS_set_robust_list, robust_list, robust_size);
  return static_cast<pid_t>(pid);
}

void exit_now(int code) { ::_exit(code); }

void become_subreaper() {
  require("prctl", "PR_SET_CHILD_SUBREAPER", [] { return ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); });
}

bool die_with_parent(pid_t parent) {
  require("prctl", "PR_SET_PDEATHSIG", [] { return ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); });
  return ::getppid() == parent;
}

void lead_own_group() { ::setpgid(0, 0); }

void reset_signals() {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

signals_blocked::signals_blocked() {
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before_);
}

signals_blocked::~signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void ignore_broken_pipes() { ::signal(SIGPIPE, SIG_IGN); }

void close_all_but(std::span<const int> kept) {
  std::vector<int> sorted{kept.begin(), kept.end()};
  std::sort(sorted.begin(), sorted.end());
  unsigned first = STDERR_FILENO + 1;
  for (const int number : sorted) {
    const auto next = static_cast<unsigned>(number);
    if (next > first) ::close_range(first, next - 1, 0);
    first = std::max(first, next + 1);
  }
  ::close_range(first, ~0U, 0);
}

void set_standard_stream(int number, int source) {
  require("dup2", "standard stream", [&] { return ::dup2(source, number); });
}

void set_process_name(const std::string& name) {
  ::prctl(PR_SET_NAME, name.c_str(), 0, 0, 0);  // the kernel cuts it to 15 bytes
  static const auto area = argument_area();     // a forked process has it where its parent had it
  if (area.empty()) return;
  if (overwritten_arguments().empty()) overwritten_arguments() = split_at_zero("/proc/self/cmdline");
  // Without a zero at the end of the arguments the kernel reads on into the environment, whose first string is our own
  // padding: see proc(5) on cmdline, and name_room.
  const auto room = area.size() + name_room;
  const auto shown = std::min(name.size(), room - 1);
  std::fill_n(area.data(), room, '\0');
  std::copy_n(name.data(), shown, area.data());
  if (shown < area.size()) area.back() = '\0';
}

pid_t own_pid() { return ::getpid(); }
pid_t parent_pid() { return ::getppid(); }

std::vector<std::string> own_arguments() {
  return overwritten_arguments().empty() ? split_at_zero("/proc/self/cmdline") : overwritten_arguments();
}

std::vector<std::string> own_environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable)
    variables.emplace_back(*variable);
  return variables;
}

std::vector<std::string> environment_of(pid_t pid) {
  return split_at_zero("/proc/" + std::to_string(pid) + "/environ");
}

void overwrite_variable(const char* name, std::string_view value) {
  char* const room = std::getenv(name);
  if (room != nullptr && std::string_view{room}.size() == value.size())
    std::copy(value.begin(), value.end(), room);
}

descriptor own_executable() {
  return adopt_above_standard(
      require("open", "/proc/self/exe", [] { return ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC); }));
}

descriptor open_executable(const std::string& path) {
  require("access", path, [&] { return ::access(path.c_str(), X_OK); });
  return adopt_above_standard(
      require("open", path, [&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
}

std::size_t own_threads() {
  std::error_code none;
  const std::filesystem::directory_iterator threads{"/proc/self/task", none};
  return none ? 1 : static_cast<std::size_t>(std::distance(begin(threads), end(threads)));
}

std::uint64_t random_bits() {
  std::uint64_t bits = 0;
  require("getrandom", "", [&] { return ::getrandom(&bits, sizeof bits, 0); });
  return bits;
}

bool is_signal(int number) { return number >= 1 && number < NSIG; }

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? "signal " + std::to_string(signal) : std::string{"SIG"} + name;
}

}  // namespace troupe::platform
