// W7: five heavy sums on two workers, against the same by one process alone. The best possible is 5/3.
#include <troupe/pool.hpp>
#include <troupe/troupe.hpp>

#include "workloads.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace bench {

namespace {

using numbers = std::vector<std::uint64_t>;

/// Not inlined: one loop of a few instructions is up to twice as fast at one address as at another, and both are to run the same.
[[gnu::noinline]] std::uint64_t sum_of_squares(std::uint64_t end) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < end; ++i) {
    sum += i * i;
    asm volatile("" : "+r"(sum));  // NOLINT: else the compiler knows a formula
  }
  return sum;
}

template <class Work>
double seconds_of(const Work& work) {
  const auto began = clock::now();
  work();
  return std::chrono::duration<double>(clock::now() - began).count();
}

}  // namespace

void heavy_map() {
  const auto rounds = choose({3, {}}, {1, {}}).count;
  const numbers ends{49'999'996, 49'999'997, 49'999'998, 49'999'999, 50'000'000};
  numbers alone;
  numbers together;
  auto sequential = std::numeric_limits<double>::infinity();
  auto parallel = sequential;
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  for (std::uint64_t round = 0; round < rounds; ++round) {
    alone.clear();
    sequential = std::min(sequential, seconds_of([&] {
                            for (const auto end : ends) alone.push_back(sum_of_squares(end));
                          }));
    parallel = std::min(parallel, seconds_of([&] { together = pool.map<sum_of_squares>(ends); }));
    check(alone == together, "the sums are right");
  }
  report("W7", "speedup", sequential / parallel, "x");
  report("W7", "seq", sequential, "s");
  report("W7", "par", parallel, "s");
}

}  // namespace bench
