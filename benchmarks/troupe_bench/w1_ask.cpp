// W1: 64 bytes there and back, one ask outstanding. Once as it is, and once with processes that sleep at once; and both again
// while one and two other processes want the cores: looking for a message before sleeping must not make that slower.
#include <troupe/troupe.hpp>

#include "workloads.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

namespace bench {

namespace {

constexpr std::chrono::nanoseconds asleep_at_once{0};

class echo {
 public:
  payload back(const payload& message) { return message; }
};

class busy {
 public:
  void for_ever() const {
    for (;;) asm volatile("");  // NOLINT: a loop without any effect might be taken away
  }
};

void round_trip(const troupe::actor<echo>& to, std::uint64_t number) {
  payload message;
  message.number = number;
  check(to.ask<&echo::back>(message).get().number == number, "the reply is that to the request");
}

/// In microseconds, the shortest first.
std::vector<double> round_trips(std::chrono::nanoseconds spin) {
  const auto much = choose({20'000, std::chrono::milliseconds{500}}, {4'000, std::chrono::milliseconds{300}});
  troupe::actor_system system{{.spin = spin}};
  const auto there = system.spawn<echo>();
  const auto start = clock::now();
  for (std::uint64_t i = 0; i < much.count / 10 && clock::now() - start < much.limit; ++i)
    round_trip(there, i);

  std::vector<double> microseconds;
  microseconds.reserve(much.count);
  const auto begun = clock::now();
  auto before = begun;
  for (std::uint64_t i = 0; i < much.count && before - begun < much.limit; ++i) {
    round_trip(there, i);
    const auto after = clock::now();
    microseconds.push_back(std::chrono::duration<double, std::micro>(after - before).count());
    before = after;
  }
  std::sort(microseconds.begin(), microseconds.end());
  return microseconds;
}

double median(const std::vector<double>& sorted) { return sorted[sorted.size() / 2]; }

void measure(const std::string& metric, std::chrono::nanoseconds spin) {
  const auto microseconds = round_trips(spin);
  report("W1", metric + "_p50", median(microseconds), "us");
  report("W1", metric + "_p99", microseconds[microseconds.size() * 99 / 100], "us");
}

/// With so many other processes that never rest. They are of a system of their own: the measured one knows nothing of them.
void measure_beside(std::size_t others) {
  troupe::actor_system system;
  std::vector<troupe::actor<busy>> all;
  std::vector<troupe::future<void>> calls;
  for (std::size_t i = 0; i < others; ++i) {
    all.push_back(system.spawn<busy>());
    calls.push_back(all.back().ask<&busy::for_ever>());
  }
  for (const auto& call : calls) {
    while (!call.running()) std::this_thread::yield();
  }
  const auto metric = "rtt_busy" + std::to_string(others);
  report("W1", metric, median(round_trips(troupe::system_options{}.spin)), "us");
  report("W1", metric + "_no_spin", median(round_trips(asleep_at_once)), "us");
  for (const auto& call : calls) check(call.running(), "the others have been busy all the time");
  for (const auto& one : all) one.kill();
  for (const auto& one : all) one.join();
}

}  // namespace

void ask_round_trip() {
  measure("rtt", troupe::system_options{}.spin);
  measure("rtt_asleep", asleep_at_once);
  measure_beside(1);
  measure_beside(2);
}

}  // namespace bench
