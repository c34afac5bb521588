#include <troupe/pool.hpp>
#include <troupe/troupe.hpp>

#include "both_ends.hpp"
#include "workloads.hpp"

#include <numeric>
#include <stdexcept>
#include <vector>

namespace instructions {
namespace {

std::uint64_t square(std::uint64_t n) { return n * n; }

}  // namespace

void map(std::uint64_t count) {
  const auto ends = both_ends::make();
  // Never destroyed: its end would wait for the worker's, of which a guardian tells.
  auto& pool = *new troupe::pool{ends->system(), {.workers = 1}};
  std::vector<std::uint64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
  const auto squares = pool.map<square>(numbers, {.chunk_size = batch});
  for (const auto n : numbers) {
    if (squares.at(n) != n * n) throw std::logic_error{"a square is not that of its number"};
  }
  ends->end();
}

}  // namespace instructions
