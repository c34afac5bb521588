// How pools begin, renew their workers, and end.
#include <troupe/pool.hpp>
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "actors/pool/bell.hpp"
#include "support/processes.hpp"
#include "support/range.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <set>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;
using Catch::Contains;

namespace {

int the_base = 0;
void set_base(int base) { the_base = base; }
int above_base(int n) { return the_base + n; }
void fail_to_begin(const std::string& why) { throw std::runtime_error{why}; }
void crash_at_the_beginning() { ::raise(SIGSEGV); }
void begin_where_a_ticket_is_left(troupe::queue<int> tickets) {
  try {
    (void)tickets.get_for(1ms);
  } catch (const troupe::timeout&) {
    throw std::runtime_error{"no ticket is left"};
  }
}
int own_pid(int) { return ::getpid(); }
int add(int a, int b) { return a + b; }
int wait_for(troupe::queue<int> gate) { return gate.get().value(); }
int ring_and_wait(const troupe::actor<tests::bell>& at, int who, troupe::queue<int> gate) {
  at.ask<&tests::bell::ring>(who).get();
  return gate.get().value();
}
int note(troupe::queue<int> made, int n) {
  made.put(n);
  return n;
}

using support::range;

}  // namespace

TEST_CASE("every worker runs the initializer first, also those that come later") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2, .initializer = troupe::initialize_by<set_base>(1000)}};
  const auto expected = std::vector<int>{1000, 1001, 1002, 1003};
  CHECK(pool.map<above_base>(range(4), {.chunk_size = 1}) == expected);
  for (const auto& worker : pool.workers()) {
    worker.kill();
    worker.join();
  }
  CHECK(pool.map<above_base>(range(4), {.chunk_size = 1}) == expected);
  for (const auto& worker : pool.workers()) {
    worker.kill();
    worker.join();
  }
  CHECK(pool.submit<above_base>(5).get() == 1005);
}

TEST_CASE("an initializer that fails is told by the constructor, and leaves no worker") {
  troupe::actor_system system;
  try {
    const troupe::pool pool{
        system,
        {.workers = 2, .name = "crew", .initializer = troupe::initialize_by<fail_to_begin>("no database")}};
    FAIL("the pool was made");
  } catch (const troupe::start_failed& problem) {
    CHECK(problem.stage() == "initializer");
    CHECK_THAT(problem.what(), Contains("crew") && Contains("no database"));
  }
  try {
    const troupe::pool pool{system, {.initializer = troupe::initialize_by<crash_at_the_beginning>()}};
    FAIL("the pool was made");
  } catch (const troupe::start_failed& problem) {
    CHECK_THAT(problem.what(), Contains("SIGSEGV"));
  }
  CHECK(system.actors().empty());
}

TEST_CASE(
    "an initializer that fails later is told to whoever needed that worker, and is tried again by the next") {
  troupe::actor_system system;
  auto tickets = system.make_queue<int>();
  for (int n = 0; n < 2; ++n) tickets.put(n);
  troupe::pool pool{
      system, {.workers = 2, .initializer = troupe::initialize_by<begin_where_a_ticket_is_left>(tickets)}};
  CHECK(pool.submit<add>(1, 2).get() == 3);
  for (const auto& worker : pool.workers()) {
    worker.kill();
    worker.join();
  }
  for (int times = 0; times < 3; ++times) {
    CHECK_THROWS_AS(pool.submit<add>(1, 2).get(), troupe::start_failed);
    CHECK_THROWS_AS(pool.map<own_pid>(range(3), {.chunk_size = 1}), troupe::start_failed);
    CHECK_THROWS_WITH(pool.submit<add>(1, 2).get(), Contains("no ticket is left"));
  }
  for (int n = 0; n < 20; ++n) tickets.put(n);
  CHECK(pool.map<own_pid>(range(10)).size() == 10);
  CHECK(pool.submit<add>(1, 2).get() == 3);
}

TEST_CASE("a worker makes no more calls than it may, all of them are made, and in order") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2, .max_tasks_per_worker = 5}};
  const auto pids = pool.map<own_pid>(range(100), {.chunk_size = 1});
  std::map<int, int> calls;
  for (const int pid : pids) ++calls[pid];
  CHECK(calls.size() >= 20);
  for (const auto& [pid, count] : calls) CHECK(count <= 5);

  calls.clear();
  std::vector<troupe::future<int>> all;
  for (int n = 0; n < 100; ++n) all.push_back(pool.submit<own_pid>(n));
  for (auto& each : all) ++calls[each.get()];
  CHECK(calls.size() >= 20);
  for (const auto& [pid, count] : calls) CHECK(count <= 5);

  CHECK(pool.map([](int n) { return n; }, range(1000)) == range(1000));
  // Two seats, each with its successor: all others have ended.
  CHECK(support::wait_until([&] { return system.actors().size() <= 4; }));
  const auto together = pool.map<own_pid>(range(40), {.chunk_size = 20});
  CHECK(std::set<int>(together.begin(), together.end()).size() == 2);
}

TEST_CASE("workers are renewed under several threads, and nothing fails") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2, .max_tasks_per_worker = 1}};
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 3; ++thread) {
      threads.emplace_back([&] {
        for (int round = 0; round < 3; ++round) {
          if (pool.map([](int n) { return n; }, range(20), {.chunk_size = 1}) == range(20)) ++right;
          if (pool.submit<add>(round, 1).get() == round + 1) ++right;
        }
      });
    }
  }
  CHECK(right == 18);
}

TEST_CASE("join waits for everything that was submitted, and wants the pool closed before") {
  troupe::actor_system system;
  auto gate = system.make_queue<int>();
  troupe::pool pool{system, {.workers = 2}};
  CHECK_THROWS_AS(pool.join(), std::logic_error);
  std::vector<troupe::future<int>> all;
  for (int n = 0; n < 20; ++n) all.push_back(pool.submit<wait_for>(gate));
  pool.close();
  std::jthread opener{[&] {
    for (int n = 0; n < 20; ++n) gate.put(n);
  }};
  pool.join();
  for (auto& each : all) CHECK(each.done());
  pool.join();
  CHECK_THROWS_AS(pool.submit<add>(1, 1), troupe::pool_closed);
}

TEST_CASE("terminate ends what runs and what waits, at once") {
  troupe::actor_system system;
  const auto begun = system.spawn<tests::bell>();
  troupe::pool pool{system, {.workers = 1, .grace = 1h}};
  auto running = pool.submit<tests::ring_for_ever>(begun);
  auto waiting = pool.submit<add>(1, 1);
  (void)begun.ask<&tests::bell::heard>().get();
  pool.terminate();
  CHECK_THROWS_AS(running.get(), troupe::actor_down);
  CHECK_THROWS_AS(waiting.get(), troupe::pool_closed);
  pool.join();
  pool.terminate();
  CHECK_THROWS_AS(pool.map<own_pid>(range(3)), troupe::pool_closed);
}

TEST_CASE("shutdown cancels what waits where it is told to, and makes it otherwise") {
  troupe::actor_system system;
  for (const bool cancel : {true, false}) {
    const auto begun = system.spawn<tests::bell>();
    auto gate = system.make_queue<int>();
    troupe::pool pool{system, {.workers = 1}};
    auto running = pool.submit<ring_and_wait>(begun, 1, gate);
    auto waiting = pool.submit<add>(1, 1);
    (void)begun.ask<&tests::bell::heard>().get();
    pool.shutdown({.wait = false, .cancel_pending = cancel});
    CHECK_THROWS_AS(pool.submit<add>(1, 1), troupe::pool_closed);
    gate.put(4);
    pool.shutdown();
    CHECK(running.get() == 4);
    if (cancel) {
      CHECK_THROWS_AS(waiting.get(), troupe::cancelled);
    } else {
      CHECK(waiting.get() == 2);
    }
  }
}

TEST_CASE("drain finishes what runs, gives back what does not, and each call is in one of the sets") {
  troupe::actor_system system;
  auto made = system.make_queue<int>();
  troupe::pool pool{system, {.workers = 2}};
  std::vector<troupe::future<int>> all;
  for (int n = 0; n < 2000; ++n) all.push_back(pool.submit<note>(made, n));
  const auto report = pool.drain(20s);
  CHECK(report.in_time);
  made.close();
  std::multiset<int> seen;
  while (const auto each = made.get()) seen.insert(*each);
  for (const auto& each : report.unstarted) {
    const auto [queue, n] = each.arguments_as<troupe::queue<int>, int>();
    CHECK(static_cast<std::size_t>(n) == each.number);
    seen.insert(n);
    CHECK_THROWS_AS(all[each.number].get(), troupe::pool_closed);
    CHECK_THROWS_AS((each.arguments_as<int>()), std::bad_any_cast);
  }
  REQUIRE(!report.unstarted.empty());
  CHECK(seen.size() == 2000);
  for (int n = 0; n < 2000; ++n) REQUIRE(seen.count(n) == 1);
  CHECK_THROWS_AS(pool.submit<add>(1, 1), troupe::pool_closed);
}

TEST_CASE("drain ends what is not done in time") {
  troupe::actor_system system;
  const auto begun = system.spawn<tests::bell>();
  troupe::pool pool{system, {.workers = 2}};
  auto endless = pool.submit<tests::ring_for_ever>(begun);
  (void)begun.ask<&tests::bell::heard>().get();
  const auto report = pool.drain(1ms);
  CHECK(!report.in_time);
  CHECK(report.unstarted.empty());
  CHECK_THROWS_AS(endless.get(), troupe::actor_down);
}

TEST_CASE("a map that takes too long throws, what it ran is ended, and the pool is whole") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  const auto stuck_at_three = [](int n) {
    while (n == 3) ::pause();
    return n;
  };
  CHECK_THROWS_AS(pool.map(stuck_at_three, range(10), {.chunk_size = 1, .timeout = 50ms}), troupe::timeout);
  CHECK(pool.map([](int n) { return n; }, range(10)) == range(10));
  int seen = 0;
  const auto read = [&] {
    for (const int each : pool.imap(stuck_at_three, range(10), {.chunk_size = 1, .timeout = 50ms})) {
      CHECK(each == seen++);
    }
  };
  CHECK_THROWS_AS(read(), troupe::timeout);
  CHECK(seen == 3);
  CHECK_THROWS_AS(pool.try_map(stuck_at_three, range(10), {.timeout = 1ms}), troupe::timeout);
  CHECK_THROWS_AS(pool.map(stuck_at_three, range(10), {.timeout = -1s}), troupe::timeout);
  CHECK(pool.map([](int n) { return n; }, range(100), {.timeout = 20s}) == range(100));
}

TEST_CASE("wrong uses are told, and the pool goes on") {
  troupe::actor_system system;
  const auto minus_one = static_cast<std::size_t>(-1);
  CHECK_THROWS_AS((troupe::pool{system, {.workers = minus_one}}), std::invalid_argument);
  troupe::pool pool{system, {.workers = 2}};
  CHECK_THROWS_AS(pool.map<own_pid>(range(3), {.chunk_size = minus_one}), std::invalid_argument);
  CHECK_THROWS_AS(pool.imap<own_pid>(range(3), {.in_flight = minus_one}), std::invalid_argument);
  CHECK_THROWS_AS(pool.map_async<own_pid>(range(3), {.chunk_size = minus_one}), std::invalid_argument);
  auto twice = pool.submit<add>(1, 2);
  CHECK(twice.get() == 3);
  CHECK_THROWS_AS(twice.get(), std::logic_error);
  CHECK_THROWS_AS(
      pool.map<own_pid>(range(3), {.on_progress = [](auto, auto) { throw std::domain_error{"mine"}; }}),
      std::domain_error);
  CHECK(pool.map<own_pid>(range(3)).size() == 3);
}
