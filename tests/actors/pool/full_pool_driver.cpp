// A pool that loses workers where no more processes may be started: prints what becomes of its calls.
#include <troupe/pool.hpp>
#include <troupe/troupe.hpp>

#include "support/few_processes.hpp"

#include <iostream>
#include <numeric>
#include <string>
#include <vector>

namespace {

int same(int n) { return n; }

std::string submit_one(troupe::pool& pool) {
  try {
    return std::to_string(pool.submit<same>(1).get());
  } catch (const troupe::start_failed& problem) {
    return "refused at " + problem.stage();
  }
}

std::string map_all(troupe::pool& pool) {
  std::vector<int> numbers(20);
  std::iota(numbers.begin(), numbers.end(), 0);
  try {
    return pool.map<same>(numbers, {.chunk_size = 1}) == numbers ? "all" : "wrong";
  } catch (const troupe::start_failed& problem) {
    return "refused at " + problem.stage();
  }
}

void lose(troupe::pool& pool, std::size_t which) {
  const auto worker = pool.workers().at(which);
  support::limit_processes(1);
  worker.kill();
  worker.join();
}

}  // namespace

int main(int argc, char** argv) {
  troupe::guard(argc, argv);
  if (!support::become_a_user_with_limits()) return 0;
  for (const std::size_t which : {0U, 1U}) {
    troupe::actor_system system;
    troupe::pool pool{system, {.workers = 2}};
    lose(pool, which);
    std::cout << "one left: " << submit_one(pool) << ", " << submit_one(pool) << ", " << map_all(pool)
              << std::endl;
    support::limit_processes(10'000);
    std::cout << "two again: " << pool.workers().size() << ", " << map_all(pool) << std::endl;
  }
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 1}};
  lose(pool, 0);
  std::cout << "none: " << submit_one(pool) << ", " << map_all(pool) << std::endl;
  support::limit_processes(10'000);
  std::cout << "one again: " << submit_one(pool) << ", " << map_all(pool) << std::endl;
}
