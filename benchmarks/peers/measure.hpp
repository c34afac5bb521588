// What the peers in C++ share: how much of a workload, clocks, output lines, checks, processes.
#pragma once

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sched.h>
#include <spawn.h>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace bench {

using u64 = std::uint64_t;

constexpr u64 last = ~u64{0};  ///< the number of a stream's last message; and: without an end
constexpr std::size_t small = 64;
constexpr std::size_t medium = std::size_t{64} << 10;
constexpr std::size_t large = std::size_t{1} << 20;

/// As many as `count`, or until so many nanoseconds are over.
struct amount {
  u64 count;
  u64 limit;
};
inline const bool quick = std::getenv("PEER_QUICK") != nullptr;
constexpr u64 ms = 1'000'000;
inline const amount much_rtt = quick ? amount{4'000, 300 * ms} : amount{20'000, 500 * ms};
inline const amount much_stream = quick ? amount{300'000, 400 * ms} : amount{2'000'000, 3'000 * ms};
inline const amount much_bulk =
    quick ? amount{u64{1} << 30, 200 * ms} : amount{u64{4} << 30, 400 * ms};  // bytes
inline const amount much_fan = quick ? amount{100'000, 300 * ms} : amount{500'000, 1'000 * ms};
inline const int starts = quick ? 20 : 100;

inline u64 now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<u64>(time.tv_sec) * 1'000'000'000 + static_cast<u64>(time.tv_nsec);
}

inline void report(const std::string& workload, const std::string& metric, double value, const char* unit) {
  std::printf("%s,%s,%.6g,%s\n", workload.c_str(), metric.c_str(), value, unit);
  std::fflush(stdout);
}

inline void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "check failed: %s (errno %d %s)\n", what, errno, std::strerror(errno));
  _exit(3);
}

template <class Values>
auto median(Values values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// --- processes and memory ---

/// `body()` in a new process, which then ends.
template <class Body>
pid_t fork_run(Body body) {
  const pid_t pid = fork();
  check(pid >= 0, "fork");
  if (pid == 0) {
    body();
    _exit(0);
  }
  return pid;
}

/// Waits for the end, which has to be a good one.
inline void reap(pid_t pid) {
  int status;
  check(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0, "child ended well");
}

inline void end(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

/// This program executed again, with two arguments.
inline pid_t spawn_self(const std::string& first, const std::string& second) {
  std::string self = "/proc/self/exe", one = first, two = second;
  char* arguments[] = {self.data(), one.data(), two.data(), nullptr};
  pid_t pid;
  check(posix_spawn(&pid, self.c_str(), nullptr, nullptr, arguments, environ) == 0, "posix_spawn");
  return pid;
}

inline void pin(int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  sched_setaffinity(0, sizeof cpus, &cpus);
}

/// A path that nobody else has.
inline std::string temporary_name(const std::string& tag) {
  static int count = 0;
  return "/tmp/peer-" + tag + "-" + std::to_string(getpid()) + "-" + std::to_string(count++);
}

/// A socket of that name, for a library's way of writing it, gone at the end.
struct socket_address {
  socket_address(const std::string& tag, const std::string& scheme)
      : path{temporary_name(tag)}, url{scheme + path} {}
  socket_address(const socket_address&) = delete;
  socket_address& operator=(const socket_address&) = delete;
  ~socket_address() { unlink(path.c_str()); }
  std::string path, url;
};

/// One in memory that later children share, with so many bytes behind it.
template <class Object>
Object* shared(std::size_t extra = 0) {
  void* memory =
      mmap(nullptr, sizeof(Object) + extra, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  check(memory != MAP_FAILED, "mmap");
  return new (memory) Object;
}

}  // namespace bench
