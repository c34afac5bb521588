#include "platform/limits.hpp"

#include "platform/error.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <sched.h>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <system_error>

namespace troupe::platform {
namespace {

constexpr std::uint32_t most_cpus = 65536;
constexpr std::uint64_t fewest_files = 24;  // the control socket, the loop, the streams, a few channels

[[noreturn]] void refuse(const std::string& why) { throw std::runtime_error{why}; }

std::string number(std::uint64_t value) { return std::to_string(value); }

void set_limit(int which, std::uint64_t soft, std::uint64_t hard, const std::string& what) {
  rlimit before{};
  require("getrlimit", what, [&] { return ::getrlimit(static_cast<__rlimit_resource>(which), &before); });
  // Never above the hard limit that is there where the soft one fits below it.
  if (soft <= before.rlim_max) hard = std::min<std::uint64_t>(hard, before.rlim_max);
  const rlimit wanted{soft, hard};
  if (::setrlimit(static_cast<__rlimit_resource>(which), &wanted) == 0) return;
  refuse(what + " cannot be limited to " + number(soft) + ": the hard limit of this process is " +
         number(before.rlim_max) + " (" + std::generic_category().message(errno) + ")");
}

// Private, writable memory as RLIMIT_DATA counts it, in bytes.
std::uint64_t data_in_use() {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;) {
    std::uint64_t kibibytes = 0;
    if (word == "VmData:" && status >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

void limit_data(std::uint64_t bytes) {
  if (const auto in_use = data_in_use(); bytes < in_use) {
    refuse("private data cannot be limited to " + number(bytes) + " bytes: the process has " +
           number(in_use) + " before it begins");
  }
  set_limit(RLIMIT_DATA, bytes, bytes, "private data (bytes)");
}

std::string list(const std::vector<std::uint32_t>& numbers) {
  std::string text;
  for (const auto each : numbers) text += (text.empty() ? "" : ", ") + number(each);
  return text;
}

struct cpu_set {
  std::vector<unsigned long> words = std::vector<unsigned long>(most_cpus / bits);
  static constexpr std::size_t bits = 8 * sizeof(unsigned long);
  [[nodiscard]] std::size_t bytes() const { return words.size() * sizeof(unsigned long); }
  [[nodiscard]] cpu_set_t* get() { return reinterpret_cast<cpu_set_t*>(words.data()); }
  void add(std::uint32_t cpu) { words[cpu / bits] |= 1UL << (cpu % bits); }
  [[nodiscard]] bool has(std::uint32_t cpu) const { return (words[cpu / bits] >> (cpu % bits) & 1) != 0; }
};

void limit_cpus(const std::vector<std::uint32_t>& cpus) {
  const auto allowed = allowed_cpus();
  const auto impossible = [&](std::uint32_t cpu) {
    refuse("CPU " + number(cpu) + " is not there or not allowed; this process may use " + list(allowed));
  };
  cpu_set wanted;
  for (const auto cpu : cpus) {
    if (cpu >= most_cpus) impossible(cpu);
    wanted.add(cpu);
  }
  if (::sched_setaffinity(0, wanted.bytes(), wanted.get()) != 0) impossible(cpus.front());
  // The kernel leaves out what is not there without a word, as long as one is.
  const auto got = allowed_cpus();
  for (const auto cpu : cpus) {
    if (std::find(got.begin(), got.end(), cpu) == got.end()) impossible(cpu);
  }
}

void set_niceness(int niceness) {
  constexpr int least = -20, most = 19;
  if (niceness < least || niceness > most)
    refuse("niceness " + std::to_string(niceness) + " does not exist: it goes from -20 to 19");
  if (::setpriority(PRIO_PROCESS, 0, niceness) == 0) return;
  errno = 0;
  const int now = ::getpriority(PRIO_PROCESS, 0);
  refuse("niceness " + std::to_string(niceness) + " is not permitted to this user; it is " +
         std::to_string(now) + " now, and only a higher one can be had without privileges (RLIMIT_NICE)");
}

// The kernel refuses a process more, be it by a hard limit that it has from before this was lowered.
std::uint64_t most_open_files() {
  std::uint64_t most = 0;
  return std::ifstream{"/proc/sys/fs/nr_open"} >> most ? most : RLIM_INFINITY;
}

void limit_files(std::uint64_t files) {
  if (files < fewest_files) {
    refuse("open files cannot be limited to " + number(files) + ": an actor itself needs " +
           number(fewest_files));
  }
  if (const auto most = most_open_files(); files > most) {
    refuse("open files cannot be limited to " + number(files) + ": a process of this machine has at most " +
           number(most) + " (sysctl fs.nr_open)");
  }
  set_limit(RLIMIT_NOFILE, files, files, "open files");
}

std::optional<rlimit> open_files_before_raised;

}  // namespace

void raise_open_files(std::optional<std::uint64_t> most) {
  rlimit now{};
  if (::getrlimit(RLIMIT_NOFILE, &now) != 0) return;
  now.rlim_max = std::min<rlim_t>(now.rlim_max, most ? *most : most_open_files());
  if (now.rlim_cur >= now.rlim_max) return;
  const rlimit all{now.rlim_max, now.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &all) == 0) open_files_before_raised = now;
}

void restore_open_files(pid_t of) {
  if (open_files_before_raised) ::prlimit(of, RLIMIT_NOFILE, &*open_files_before_raised, nullptr);
}

void apply(const limits& wanted) {
  if (wanted.open_files != 0) limit_files(wanted.open_files);
  if (!wanted.cpus.empty()) limit_cpus(wanted.cpus);
  if (wanted.niceness != 0) set_niceness(wanted.niceness);
  if (wanted.cpu_seconds != 0)
    set_limit(RLIMIT_CPU, wanted.cpu_seconds, wanted.cpu_seconds + 1, "CPU time (seconds)");
  if (wanted.private_data != 0) limit_data(wanted.private_data);
}

std::vector<std::uint32_t> allowed_cpus() {
  cpu_set set;
  require("sched_getaffinity", "", [&] { return ::sched_getaffinity(0, set.bytes(), set.get()); });
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t cpu = 0; cpu < most_cpus; ++cpu) {
    if (set.has(cpu)) numbers.push_back(cpu);
  }
  return numbers;
}

bool is_cpu_time_signal(int signal) { return signal == SIGXCPU; }

}  // namespace troupe::platform
