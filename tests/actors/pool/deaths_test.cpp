#include <troupe/pool.hpp>
#include <troupe/pool_chaos.hpp>
#include <troupe/troupe.hpp>

#include "actors/pool/bell.hpp"
#include "support/census.hpp"
#include "support/processes.hpp"
#include "support/range.hpp"
#include "support/scaled.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

int same(int n) { return n; }
int die_if_negative(int n) {
  if (n < 0) ::raise(SIGKILL);
  return n;
}
int die(int) {
  ::raise(SIGKILL);
  return 0;
}
/// Not so quick that a worker is done with it between two looks of who kills.
int slowly_same(int n) {
  std::this_thread::sleep_for(50ms);
  return n;
}
using support::range;

std::set<int> pids_of(troupe::pool& pool) {
  std::set<int> all;
  for (const auto& worker : pool.workers()) all.insert(worker.pid());
  return all;
}

}  // namespace

TEST_CASE("a worker that dies takes with it only the item that it was running") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  const auto before = pids_of(pool);
  auto items = range(0, 50);
  items[20] = -1;
  std::vector<int> good;
  std::vector<std::size_t> bad;
  auto results = pool.imap<die_if_negative>(items, {.chunk_size = 1});
  for (auto each = results.begin(); each != results.end(); ++each) {
    try {
      good.push_back(*each);
    } catch (const troupe::actor_down& down) {
      CHECK(down.fate() == troupe::call_fate::died_running);
      CHECK(down.status().code == SIGKILL);
      bad.push_back(dynamic_cast<const troupe::failed_at&>(down).index());
    }
  }
  CHECK(bad == std::vector<std::size_t>{20});
  CHECK(good.size() == 49);

  const auto after = pids_of(pool);
  CHECK(after.size() == 2);
  CHECK(after != before);
  CHECK(pool.map<same>(range(0, 1000)) == range(0, 1000));
}

TEST_CASE("a map in which a worker dies throws what became of it, and the next map is whole") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  auto items = range(0, 1000);
  items[500] = -1;
  for (int round = 0; round < 3; ++round) {
    CHECK_THROWS_AS(pool.map<die_if_negative>(items, {.chunk_size = 10}), troupe::actor_down);
    CHECK(pool.map<same>(range(0, 100), {.chunk_size = 1}) == range(0, 100));
  }
}

TEST_CASE("idle workers that are killed are replaced, and nobody notices") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 3}};
  for (int round = 0; round < 3; ++round) {
    const auto before = pids_of(pool);
    CHECK(before.size() == 3);
    for (const auto& worker : pool.workers()) {
      worker.kill();
      worker.join();  // else it may have begun with what comes, before the signal does
    }
    CHECK(pool.map<same>(range(0, 100), {.chunk_size = 1}) == range(0, 100));
    for (const auto& worker : pool.workers()) CHECK(worker.is_alive());
    CHECK(pids_of(pool).size() == 3);
  }
}

TEST_CASE("workers that are killed all the time while they map cost only what they were running") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2, .max_attempts = 1}};
  std::atomic<bool> done = false;
  std::thread killer{[&] {
    while (!done) {
      for (const auto& worker : pool.workers()) {
        std::this_thread::sleep_for(2ms);
        worker.kill();
      }
    }
  }};
  constexpr int items = support::scaled(1000);
  int good = 0;
  int bad = 0;
  auto results = pool.imap(
      [](int n) {
        std::this_thread::sleep_for(100us);
        return n;
      },
      range(0, items), {.chunk_size = 1});
  for (auto each = results.begin(); each != results.end(); ++each) {
    try {
      const int result = *each;
      CHECK(result == good + bad);
      ++good;
    } catch (const troupe::actor_down&) {
      ++bad;
    }
  }
  done = true;
  killer.join();
  CHECK(good + bad == items);
  CHECK(bad > 0);
  CHECK(pool.map<same>(range(0, 100)) == range(0, 100));
}

TEST_CASE(
    "of submitted calls a death ends only the one that was running, and the rest goes on with nobody "
    "waiting") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 1}};
  std::atomic<int> ended = 0;
  std::atomic<int> died = 0;
  for (int n = 0; n < 40; ++n) {
    pool.submit<die_if_negative>(n % 4 == 1 ? -1 : n).then([&](troupe::future<int> answer) {
      try {
        (void)answer.get();
      } catch (const troupe::actor_down&) {
        ++died;
      }
      ++ended;
    });
  }
  CHECK(support::wait_until([&] { return ended == 40; }));
  CHECK(died == 10);
}

TEST_CASE("workers that are killed before they begin, one after the other, cost a map nothing but time") {
  constexpr std::size_t kills = 100;
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 1, .max_attempts = 1000}};
  std::atomic<bool> done = false;
  std::thread killer{[&] {
    std::set<int> killed;
    while (!done && killed.size() < kills) {
      for (const auto& worker : pool.workers()) {
        if (killed.insert(worker.pid()).second) worker.kill();
      }
    }
  }};
  CHECK(pool.map<slowly_same>(range(0, 1)) == range(0, 1));
  done = true;
  killer.join();
}

TEST_CASE("a worker killed from outside ends the call that it is in") {
  troupe::actor_system system;
  const auto started = system.spawn<tests::bell>();
  troupe::pool pool{system, {.workers = 2, .max_attempts = 1}};
  auto stuck = pool.submit<tests::ring_for_ever>(started);
  const auto victim = started.ask<&tests::bell::heard>().get();
  auto fine = pool.submit<same>(2);
  CHECK(fine.get() == 2);
  ::kill(victim, SIGKILL);
  CHECK_THROWS_AS(stuck.get(), troupe::actor_down);
  CHECK(pids_of(pool).size() == 2);
  CHECK(!pids_of(pool).contains(victim));
}

TEST_CASE("nobody hangs where every call kills its worker") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  std::vector<troupe::future<int>> all;
  for (int n = 0; n < 20; ++n) all.push_back(pool.submit<die>(n));
  for (auto& each : all) CHECK_THROWS_AS(each.get(), troupe::actor_down);
  auto results = pool.imap<die>(range(0, 20), {.chunk_size = 1});
  int ends = 0;
  for (auto each = results.begin(); each != results.end(); ++each) {
    CHECK_THROWS_AS(*each, troupe::actor_down);
    ++ends;
  }
  CHECK(ends == 20);
}

TEST_CASE("a pool that has lost three hundred workers is no larger than before") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  troupe::pool pool{system, {.workers = 2}};
  const auto lose_workers = [&](int count) {
    for (int n = 0; n < count; ++n) CHECK_THROWS_AS(pool.submit<die>(n).get(), troupe::actor_down);
    CHECK(pool.map<same>(range(0, 100)) == range(0, 100));  // all of its workers are there
  };
  lose_workers(50);
  const auto before = support::count_all(system);
  constexpr int lost = support::scaled(300);
  lose_workers(lost);
  support::check_same(before, system, lost * support::to_remember_a_crash);
}

TEST_CASE("a pool_chaos kills as many workers as it was asked to while they work, and none after its end") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  troupe::pool pool{system, {.workers = 2, .max_attempts = 1000}};
  {
    const troupe::pool_chaos at_work{pool, {.kills = 3, .pace = 200us}};
    while (!at_work.is_over()) CHECK(pool.map<same>(range(0, 1000)) == range(0, 1000));
    CHECK(at_work.kills() == 3);
  }
  { const troupe::pool_chaos for_ever{pool, {.kills = 1'000'000}}; }
  const auto survivors = pids_of(pool);
  CHECK(pool.map<same>(range(0, 1000)) == range(0, 1000));
  CHECK(pids_of(pool) == survivors);
}

TEST_CASE("a pool_chaos of a negative pace is refused") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 1}};
  CHECK_THROWS_AS((troupe::pool_chaos{pool, {.kills = 1, .pace = -1us}}), std::invalid_argument);
}

TEST_CASE("a pool_chaos is over when its system has ended") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  troupe::pool pool{system, {.workers = 2}};
  const troupe::pool_chaos at_work{pool, {.kills = 1'000'000}};
  system.stop(0s);
  CHECK(support::wait_until([&] { return at_work.is_over(); }));
}
