// Small items through a stage of two replicas, on this node and on another: its inboxes are here.
#include <troupe/topology.hpp>

#include "nodes.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bench {
namespace {

class numbers {
 public:
  explicit numbers(std::uint64_t count) : count_{count} {}
  std::optional<std::uint64_t> next(std::uint64_t position) const {
    return position < count_ ? std::optional{position} : std::nullopt;
  }

 private:
  std::uint64_t count_;
};

class doubler {
 public:
  void operator()(std::uint64_t number, troupe::outlet<std::uint64_t>& out) { out.emit(2 * number); }
};

class adder {
 public:
  void operator()(std::uint64_t number) { sum_ += number; }
  std::uint64_t result() const { return sum_; }
  std::uint64_t save() const { return sum_; }
  void restore(std::uint64_t sum) { sum_ = sum; }

 private:
  std::uint64_t sum_ = 0;
};

troupe::topology doubled_numbers(std::uint64_t count) {
  troupe::topology graph{"doubled_numbers"};
  const auto source = graph.source<numbers>("numbers", count);
  const auto stage = graph.stage<doubler>("double", {.replicas = 2});
  const auto sink = graph.sink<adder>("sum");
  graph.connect(source, stage);
  graph.connect(stage, sink);
  graph.conclude(sink, [](const std::vector<std::uint64_t>& sums, const troupe::run_report&) {
    return troupe::summary{.text = std::to_string(sums.front())};
  });
  return graph;
}

/// Items a second.
double rate_on(network& nodes, std::uint64_t count, std::vector<troupe::placement> places) {
  troupe::run_options options;
  options.nodes = std::move(places);
  const auto began = clock::now();
  const auto done = doubled_numbers(count).run(nodes.system(0), options);
  const auto lasted = std::chrono::duration<double>(clock::now() - began).count();
  check(done.ok && done.result.text == std::to_string(count * (count - 1)), "every item has come through");
  return static_cast<double>(count) / lasted;
}

}  // namespace

void stages_on_nodes() {
  const auto count = static_cast<std::uint64_t>(choose({200'000, {}}, {20'000, {}}).count);
  network nodes{2};
  const auto rounds = 3;
  double there = 0, here = 0;
  for (int round = 0; round < rounds; ++round) {
    here = std::max(here, rate_on(nodes, count, {{}}));
    there = std::max(there, rate_on(nodes, count, {nodes.node(1).self()}));
  }
  report("W4", "stage_here", here, "items/s");
  report("W4", "stage_there", there, "items/s");
  report("W4", "there_of_here", there / here, "x");
}

}  // namespace bench
