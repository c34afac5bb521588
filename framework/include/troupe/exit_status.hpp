// How an actor's process ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// Why a process ended, as far as the kernel and the process itself said so; nothing here is guessed.
enum class exit_kind : std::uint8_t {
  normal,     ///< the function returned, or the actor was stopped: exit code 0
  code,       ///< the process called exit with another code
  signal,     ///< a signal killed it
  exception,  ///< an exception left the constructor, a told handler or the function
  escalated,  ///< a group of its own died too often, and it was killed with it: `exception_text` has the causes
  limit,      ///< the kernel killed it by a limit that it was under: which one is in `limit`
  node_down,  ///< nothing is heard any more of the node that it runs on: `exception_text` says of which, and why
  forgotten,  ///< it ended so long ago (4096 others have ended since) that nothing is known any more
};

/// A limit of `resource_limits` that has to do with an end.
enum class limit_kind : std::uint8_t {
  none,
  private_data,  ///< it ended by `std::bad_alloc` (kind `exception`), and was under this limit
  cpu_time,      ///< it was killed by SIGXCPU (kind `limit`)
  hang,          ///< it hung, and was killed for that (kind `limit`): `spawn_options::on_hang`
};

/// How a process ended, and what it used. A value: copies are independent. Any thread, any process.
struct exit_status {
  exit_kind kind = exit_kind::normal;
  int code = 0;                ///< exit code, or the signal's number
  bool core_dumped = false;    ///< the signal left a core dump
  std::string exception_type;  ///< as the compiler names it, demangled
  std::string exception_text;  ///< its what()
  limit_kind limit = limit_kind::none;
  std::uint64_t limit_value = 0;  ///< bytes, or seconds; of a hang how long it was, in milliseconds
  std::string last_words;         ///< the last 8 KiB at most of what it wrote to its standard error
  /// Where it was when a signal of its own making (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) killed it, innermost call first:
  /// "/usr/bin/program+0x1a2b", for `addr2line -Cfe`, with the function's name where it is one that other files may use. Empty
  /// where the process handled that signal itself, or did not come to it.
  std::vector<std::string> backtrace{};
  std::uint32_t incarnation = 0;  ///< how often its actor had been started before this process

  std::chrono::microseconds user_time{};
  std::chrono::microseconds system_time{};
  std::uint64_t max_resident_bytes = 0;
  std::uint64_t messages_handled = 0;

  [[nodiscard]] bool ok() const { return kind == exit_kind::normal; }
};

/// One line for people: "killed by SIGKILL", "exit code 3", "exception std::out_of_range: ...".
[[nodiscard]] std::string to_string(const exit_status& status);

}  // namespace troupe
