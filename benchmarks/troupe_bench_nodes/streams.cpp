// Workloads of troupe-bench between two nodes, over TCP on loopback as CAF's own.
#include "nodes.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
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

/// Messages go from the host, through two gateways, to the actor.
struct two_nodes {
  network nodes{2};
  troupe::actor<receiver> there = nodes.system(0).spawn<receiver>({.on = nodes.node(1).self()});
};

}  // namespace

void ask_between_nodes() {
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

namespace {

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

}  // namespace

void tell_between_nodes() {
  report("W2", "rate",
         stream(sizeof(payload),
                choose({1'000'000, std::chrono::seconds{2}}, {100'000, std::chrono::milliseconds{400}})),
         "msg/s");
}

void bulk_between_nodes() {
  constexpr std::size_t size = std::size_t{64} << 10;
  const auto much = choose({50'000, std::chrono::seconds{1}}, {5'000, std::chrono::milliseconds{300}});
  report("W3b", "bandwidth", stream(size, much) * static_cast<double>(size) / 1e9, "GB/s");
}

}  // namespace bench
