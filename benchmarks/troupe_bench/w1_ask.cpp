// W1: 64 bytes there and back, one ask outstanding. Once as it is, and once with processes that sleep at once.
#include <troupe/troupe.hpp>

#include "workloads.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace bench {

namespace {

class echo {
 public:
  payload back(const payload& message) { return message; }
};

void round_trip(const troupe::actor<echo>& to, std::uint64_t number) {
  payload message;
  message.number = number;
  check(to.ask<&echo::back>(message).get().number == number, "the reply is that to the request");
}

void measure(const std::string& metric, std::chrono::nanoseconds spin) {
  const auto much = choose({20'000, std::chrono::milliseconds{500}}, {4'000, std::chrono::milliseconds{300}});
  troupe::actor_system system{{.spin = spin}};
  const auto there = system.spawn<echo>();
  for (std::uint64_t i = 0; i < much.count / 10; ++i) round_trip(there, i);

  std::vector<double> microseconds;
  microseconds.reserve(much.count);
  const auto start = clock::now();
  auto before = start;
  for (std::uint64_t i = 0; i < much.count && before - start < much.limit; ++i) {
    round_trip(there, i);
    const auto after = clock::now();
    microseconds.push_back(std::chrono::duration<double, std::micro>(after - before).count());
    before = after;
  }
  std::sort(microseconds.begin(), microseconds.end());
  report("W1", metric + "_p50", microseconds[microseconds.size() / 2], "us");
  report("W1", metric + "_p99", microseconds[microseconds.size() * 99 / 100], "us");
}

}  // namespace

void ask_round_trip() {
  measure("rtt", troupe::system_options{}.spin);
  measure("rtt_asleep", std::chrono::nanoseconds{0});
}

}  // namespace bench
