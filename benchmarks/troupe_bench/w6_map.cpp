// W6: an ordered map of the square over 100,000 numbers, two workers that are up already.
#include <troupe/pool.hpp>
#include <troupe/troupe.hpp>

#include "workloads.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace bench {

namespace {

using numbers = std::vector<std::uint64_t>;

std::uint64_t square(std::uint64_t n) { return n * n; }

bool is_right(const numbers& squares, std::size_t count) {
  if (squares.size() != count) return false;
  for (std::size_t n = 0; n < count; ++n) {
    if (squares[n] != n * n) return false;
  }
  return true;
}

void map_in_chunks(troupe::pool& pool, const numbers& all, const std::string& metric, std::size_t chunk_size,
                   std::uint64_t rounds) {
  check(is_right(pool.map<square>(all, {.chunk_size = chunk_size}), all.size()), "the squares are right");
  std::vector<double> seconds;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const auto began = clock::now();
    const auto squares = pool.map<square>(all, {.chunk_size = chunk_size});
    seconds.push_back(std::chrono::duration<double>(clock::now() - began).count());
    check(is_right(squares, all.size()), "the squares are right");
  }
  std::sort(seconds.begin(), seconds.end());
  report("W6", metric, seconds[seconds.size() / 2], "s");
}

}  // namespace

void map_squares() {
  const auto rounds = choose({9, {}}, {3, {}}).count;
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  numbers all(100'000);
  std::iota(all.begin(), all.end(), std::uint64_t{0});
  map_in_chunks(pool, all, "default", 0, rounds);
  map_in_chunks(pool, all, "chunk1000", 1000, rounds);
  map_in_chunks(pool, all, "chunk1", 1, rounds);
}

}  // namespace bench
