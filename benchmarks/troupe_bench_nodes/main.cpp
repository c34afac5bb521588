// troupe-bench-nodes [WORKLOAD...]: workloads of troupe-bench between two nodes on one machine, over TCP on loopback as CAF's
// own; a message passes the host, two gateways and the actor. Lines `workload,metric,value,unit`.
#include <troupe/node.hpp>
#include <troupe/troupe.hpp>

#include "troupe_bench/workloads.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {
namespace {

class receiver {
 public:
  payload back(const payload& message) const { return message; }
  void take(std::string_view message) {
    std::uint64_t number = 0;
    std::memcpy(&number, message.data(), sizeof number);
    check(number == count_++, "messages are whole and in order");
  }
  /// The sender's last: when it began. How many there were, and how many seconds they took.
  std::pair<std::uint64_t, double> end(std::int64_t began) const {
    return {count_,
            std::chrono::duration<double>(clock::now() - clock::time_point{clock::duration{began}}).count()};
  }

 private:
  std::uint64_t count_ = 0;
};

struct two_nodes {
  troupe::actor_system one, other;
  troupe::cluster_node first{one, {}}, second{other, {.join = {first.address()}}};
  troupe::actor<receiver> there = one.spawn<receiver>({.on = second.self()});
};

void ask() {
  const auto much =
      choose({20'000, std::chrono::milliseconds{1500}}, {2'000, std::chrono::milliseconds{300}});
  two_nodes nodes;
  std::vector<double> microseconds;
  const auto start = clock::now();
  for (auto before = start; microseconds.size() < much.count && before - start < much.limit;) {
    payload message;
    message.number = microseconds.size();
    check(nodes.there.ask<&receiver::back>(message).get().number == message.number,
          "the reply is that to the request");
    const auto after = clock::now();
    microseconds.push_back(std::chrono::duration<double, std::micro>(after - before).count());
    before = after;
  }
  std::sort(microseconds.begin(), microseconds.end());
  report("W1", "rtt_p50", microseconds[microseconds.size() / 2], "us");
  report("W1", "rtt_p99", microseconds[microseconds.size() * 99 / 100], "us");
}

/// Messages a second.
double stream(std::size_t size, amount much) {
  two_nodes nodes;
  nodes.there.ask<&receiver::back>(payload{}).get();
  std::string message(size, 'x');
  const auto began = clock::now();
  std::uint64_t sent = 0;
  for (; sent < much.count && (sent % 16 != 0 || clock::now() - began < much.limit); ++sent) {
    std::memcpy(message.data(), &sent, sizeof sent);
    nodes.there.tell<&receiver::take>(message);
  }
  const auto [count, seconds] = nodes.there.ask<&receiver::end>(began.time_since_epoch().count()).get();
  check(count == sent, "every message has arrived");
  return static_cast<double>(count) / seconds;
}

void tell() {
  report("W2", "rate",
         stream(sizeof(payload),
                choose({1'000'000, std::chrono::seconds{2}}, {100'000, std::chrono::milliseconds{400}})),
         "msg/s");
}

void bulk() {
  constexpr std::size_t size = std::size_t{64} << 10;
  const auto much = choose({50'000, std::chrono::seconds{1}}, {5'000, std::chrono::milliseconds{300}});
  report("W3b", "bandwidth", stream(size, much) * static_cast<double>(size) / 1e9, "GB/s");
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  troupe::guard(argc, argv);
  std::vector<std::string_view> names{argv + 1, argv + argc};
  if (names.empty()) names = {"W1", "W2", "W3b"};
  for (const auto name : names) {
    auto* const run = name == "W1"    ? bench::ask
                      : name == "W2"  ? bench::tell
                      : name == "W3b" ? bench::bulk
                                      : nullptr;
    if (run == nullptr) {
      std::cerr << "troupe-bench-nodes: no workload '" << name << "': there are W1, W2 and W3b\n";
      return 2;
    }
    try {
      run();
    } catch (const std::exception& problem) {
      std::cerr << "troupe-bench-nodes: " << name << ": " << problem.what() << '\n';
      return 3;
    }
  }
}
