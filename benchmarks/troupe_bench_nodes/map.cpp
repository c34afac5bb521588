// A pool's workers on one node, then on two: how many times as fast two are, beside one and two workers on this node alone.
#include <troupe/pool.hpp>

#include "nodes.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <vector>

namespace bench {
namespace {

constexpr int tasks = 40;

double busy_sum(int seed) {
  constexpr int steps = 2'000'000;
  double sum = 0;
  for (int i = 1; i <= steps; ++i) sum += std::sqrt(static_cast<double>(i + seed));
  return sum;
}

double seconds_on(network& nodes, std::vector<troupe::placement> places) {
  troupe::pool pool{nodes.system(0), {.nodes = std::move(places)}};
  std::vector<int> seeds(tasks);
  std::iota(seeds.begin(), seeds.end(), 0);
  const auto began = clock::now();
  const auto sums = pool.map<busy_sum>(seeds, {.chunk_size = 1});
  check(sums.size() == tasks, "every task has its result");
  return std::chrono::duration<double>(clock::now() - began).count();
}

}  // namespace

void map_over_nodes() {
  network nodes{3};
  const troupe::placement first = nodes.node(1).self(), second = nodes.node(2).self();
  double one = 1e9, two = 1e9, one_here = 1e9, two_here = 1e9;
  for (int round = 0; round < 5; ++round) {
    one = std::min(one, seconds_on(nodes, {first}));
    two = std::min(two, seconds_on(nodes, {first, second}));
    one_here = std::min(one_here, seconds_on(nodes, {{}}));
    two_here = std::min(two_here, seconds_on(nodes, {{}, {}}));
  }
  report("W7", "two_nodes_speedup", one / two, "x");
  report("W7", "two_workers_here_speedup", one_here / two_here, "x");
}

}  // namespace bench
