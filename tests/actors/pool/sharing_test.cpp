#include <troupe/pool.hpp>
#include <troupe/troupe.hpp>

#include "actors/pool/bell.hpp"
#include "support/range.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

int same(int n) { return n; }
int negated(int n) { return -n; }

using support::range;

}  // namespace

TEST_CASE("several threads map and submit on one pool at once") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      const auto mine = range(thread * 1000, thread * 1000 + 500);
      for (int round = 0; round < 3; ++round) {
        right += pool.map<same>(mine, {.chunk_size = 7}) == mine ? 1 : 0;
        std::vector<int> lazily;
        for (const int each : pool.imap<same>(mine)) lazily.push_back(each);
        right += lazily == mine ? 1 : 0;
        std::vector<troupe::future<int>> calls;
        for (const int n : mine) calls.push_back(pool.submit<negated>(n));
        int correct = 0;
        for (std::size_t n = 0; n < calls.size(); ++n) correct += calls[n].get() == -mine[n] ? 1 : 0;
        right += correct == 500 ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(right == 4 * 3 * 3);
}

TEST_CASE("a map that waits ends with an error when the system is stopped") {
  troupe::actor_system system;
  const auto begun = system.spawn<tests::bell>();
  troupe::pool pool{system, {.workers = 2}};
  std::thread stopper{[&] {
    (void)begun.ask<&tests::bell::heard>().get();
    system.stop(50ms);
  }};
  const std::vector<troupe::actor<tests::bell>> items(20, begun);
  CHECK_THROWS_AS(pool.map<tests::ring_for_ever>(items), troupe::error);
  stopper.join();
}

TEST_CASE("two pools of one system do not meet") {
  troupe::actor_system system;
  troupe::pool one{system, {.workers = 1, .name = "one"}};
  troupe::pool two{system, {.workers = 2, .name = "two"}};
  const auto pid = [](int) { return troupe::this_actor::pid(); };
  const auto ones = one.map(pid, range(0, 10));
  for (const auto& worker : two.workers()) CHECK(std::count(ones.begin(), ones.end(), worker.pid()) == 0);
  CHECK(two.map<same>(range(0, 10)) == range(0, 10));
}
