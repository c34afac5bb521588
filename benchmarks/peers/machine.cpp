// machine L: what this machine cannot do faster, whoever asks. machine probe: milliseconds for a fixed loop on each of two
// cores, once, by which a run sees whether others were using them.
#include "workloads.hpp"

#include <atomic>
#include <sys/socket.h>
#include <sys/syscall.h>

using namespace bench;

namespace {

/// Nanoseconds a call, the best of five rounds.
template <class Call>
double each(u64 count, Call call) {
  double best = 1e18;
  for (int round = 0; round < 5; ++round) {
    const u64 start = now();
    for (u64 i = 0; i < count; ++i) call();
    best = std::min(best, static_cast<double>(now() - start) / static_cast<double>(count));
  }
  return best;
}

/// Of one byte, both sides blocking.
double socket_round_trip(int cpu, int other_cpu) {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
  const pid_t pid = fork_run([&] {
    pin(other_cpu);
    for (char c; read(ends[1], &c, 1) == 1 && write(ends[1], &c, 1) == 1;) continue;
  });
  pin(cpu);
  char c = 0;
  const double took =
      each(3000, [&] { check(write(ends[0], &c, 1) == 1 && read(ends[0], &c, 1) == 1, "round trip"); });
  end(pid);
  close(ends[0]);
  close(ends[1]);
  return took;
}

/// Two cores pass one line to and fro.
double cache_line_round_trip() {
  struct line {
    alignas(64) std::atomic<u64> value{0};
  };
  auto* between = shared<line>();
  const pid_t pid = fork_run([&] {
    pin(1);
    for (u64 i = 1;; i += 2) {
      while (between->value.load(std::memory_order_acquire) != i) continue;
      between->value.store(i + 1, std::memory_order_release);
    }
  });
  pin(0);
  u64 i = 0;
  const double took = each(100'000, [&] {
    between->value.store(i + 1, std::memory_order_release);
    i += 2;
    while (between->value.load(std::memory_order_acquire) != i) continue;
  });
  end(pid);
  return took;
}

double gigabytes_touched(std::size_t bytes) {
  return static_cast<double>(bytes) / each(1, [&] {
           void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
           check(memory != MAP_FAILED, "mmap");
           for (std::size_t i = 0; i < bytes; i += 4096) static_cast<volatile char*>(memory)[i] = 1;
           munmap(memory, bytes);
         });
}

double gigabytes_copied(std::size_t bytes) {
  const std::vector<char> from(bytes, 1);
  std::vector<char> to(bytes, 2);
  return static_cast<double>(bytes) / each((std::size_t{1} << 28) / bytes, [&] {
           std::memcpy(to.data(), from.data(), bytes);
           asm volatile("" ::: "memory");
         });
}

double loop_on(int cpu, u64 count) {
  pin(cpu);
  return each(1, [=] { sum_of_squares(count); });
}

/// 2 where two cores do twice as much as one.
double two_cores_scaling() {
  constexpr u64 count = 20'000'000;
  const double alone[2] = {loop_on(0, count), loop_on(1, count)};
  auto* other = shared<double>();
  const pid_t pid = fork_run([&] { *other = loop_on(1, count); });
  const double both = loop_on(0, count);
  reap(pid);
  return alone[0] / both + alone[1] / *other;
}

void limits() {
  report("L", "two_cores_scaling", two_cores_scaling(), "x");
  report("L", "clock_gettime", each(200'000, [] { now(); }), "ns");
  report("L", "system_call", each(200'000, [] { syscall(SYS_getppid); }), "ns");
  report("L", "cache_line_round_trip", cache_line_round_trip(), "ns");
  report("L", "socket_round_trip_one_core", socket_round_trip(0, 0) / 1e3, "us");
  report("L", "socket_round_trip_two_cores", socket_round_trip(0, 1) / 1e3, "us");
  report("L", "memcpy_64KiB", gigabytes_copied(medium), "GB/s");
  report("L", "memcpy_1MiB", gigabytes_copied(large), "GB/s");
  report("L", "memcpy_64MiB", gigabytes_copied(array_bytes), "GB/s");
  report("L", "first_touch_64MiB", gigabytes_touched(array_bytes), "GB/s");
  report("L", "fork_exit_wait", each(50, [] { reap(fork_run([] {})); }) / 1e3, "us");
}

}  // namespace

int main(int count, char** arguments) {
  const std::string what = count == 2 ? arguments[1] : "";
  if (what == "probe") {
    for (const int cpu : {0, 1}) {
      pin(cpu);
      const u64 start = now();
      sum_of_squares(20'000'000);
      std::printf("%.3f\n", static_cast<double>(now() - start) / 1e6);
    }
  } else if (what == "L") {
    limits();
  } else {
    return 2;
  }
}
