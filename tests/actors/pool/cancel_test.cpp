// Calls that are given up: waiting ones never begin, running ones end with their worker, and nobody else notices.
#include <troupe/pool.hpp>
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "actors/pool/bell.hpp"
#include "support/processes.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <numeric>
#include <set>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }
int for_ever() {
  for (;;) ::pause();
}
int put_once(troupe::queue<int> to, int what) {
  to.put(what);
  return what;
}
int ring_and_wait(const troupe::actor<tests::bell>& at, int who, troupe::queue<int> gate) {
  at.ask<&tests::bell::ring>(who).get();
  return gate.get().value();
}

}  // namespace

TEST_CASE("a call that runs is ended by cancelling it, its worker is replaced, and others are unharmed") {
  troupe::actor_system system;
  const auto begun = system.spawn<tests::bell>();
  troupe::pool pool{system, {.workers = 2}};
  auto gate = system.make_queue<int>();
  auto other = pool.submit<ring_and_wait>(begun, 0, gate);
  CHECK(begun.ask<&tests::bell::heard>().get() == 0);
  auto endless = pool.submit<tests::ring_for_ever>(begun);
  const int victim = begun.ask<&tests::bell::heard>().get();
  CHECK(support::wait_until(
      [&] { return endless.running(); }));  // from another node that is what was last heard
  CHECK(!endless.done());
  auto behind = pool.submit<add>(1, 2);
  CHECK(!behind.running());

  endless.cancel();
  CHECK(endless.done());
  CHECK_THROWS_AS(endless.get(), troupe::cancelled);
  CHECK(behind.get() == 3);
  CHECK(support::wait_until([&] { return support::state_of(victim) == 0; }));
  gate.put(8);
  CHECK(other.get() == 8);
  CHECK(pool.workers().size() == 2);
  for (const auto& each : pool.workers()) CHECK(each.pid() != victim);
}

TEST_CASE("a call that is cancelled at once ends, whether it had begun or not") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  for (int round = 0; round < 200; ++round) {
    auto endless = pool.submit<for_ever>();
    if (round % 4 == 1) std::this_thread::yield();
    if (round % 4 == 2) std::this_thread::sleep_for(std::chrono::microseconds{20 * (round % 16)});
    endless.cancel();
    CHECK_THROWS_AS(endless.get(), troupe::cancelled);
    CHECK(pool.submit<add>(round, 1).get() == round + 1);
  }
}

TEST_CASE("of calls some of which are cancelled, each of the others is made exactly once") {
  troupe::actor_system system;
  auto made = system.make_queue<int>();
  troupe::pool pool{system, {.workers = 2}};
  std::vector<troupe::future<int>> all;
  for (int n = 0; n < 400; ++n) {
    all.push_back(pool.submit<put_once>(made, n));
    if (n % 3 == 2) all[static_cast<std::size_t>(n) / 2].cancel();
  }
  std::multiset<int> answered;
  for (auto& each : all) {
    try {
      answered.insert(each.get());
    } catch (const troupe::cancelled&) {
    }
  }
  CHECK(answered.size() >= 200);
  made.close();
  std::multiset<int> seen;
  while (const auto each = made.get()) seen.insert(*each);
  for (const int each : answered) CHECK(seen.count(each) == 1);
  for (const int each : seen) CHECK(seen.count(each) == 1);
}

TEST_CASE("a map goes on, whole and in order, while calls beside it are cancelled as they run") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  std::vector<int> items(2000);
  std::iota(items.begin(), items.end(), 0);
  std::jthread canceller{[&](const std::stop_token& enough) {
    while (!enough.stop_requested()) {
      auto endless = pool.submit<for_ever>();
      std::this_thread::sleep_for(300us);
      endless.cancel();
    }
  }};
  for (int round = 0; round < 3; ++round) {
    const auto results = pool.map(
        [](int n) {
          std::this_thread::sleep_for(20us);
          return n;
        },
        items, {.chunk_size = 7});
    CHECK(results == items);
  }
}

TEST_CASE("a pool inside an actor cancels as well") {
  struct keeper {
    int run() {
      troupe::pool pool{troupe::this_actor::system(), {.workers = 1}};
      auto endless = pool.submit<for_ever>();
      std::this_thread::sleep_for(5ms);
      endless.cancel();
      return pool.submit<add>(2, 3).get();
    }
  };
  troupe::actor_system system;
  CHECK(system.spawn<keeper>().ask<&keeper::run>().get() == 5);
}
