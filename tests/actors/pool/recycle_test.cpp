// Workers that are replaced while there is work, and work that waits too long for one.
#include <troupe/pool.hpp>
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "support/processes.hpp"
#include "support/range.hpp"
#include "support/scaled.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;
using support::range;

namespace {

int pid_of_worker(int) { return ::getpid(); }

/// Workers are let in one by one.
void wait_to_be_let_in(troupe::queue<int> door) { (void)door.get(); }

void take_a_ticket(troupe::queue<int> tickets) {
  if (!tickets.try_put(0)) throw std::runtime_error{"no ticket is left"};
}

/// Keeps so many megabytes more.
int hoard(int megabytes) {
  static std::vector<std::vector<char>> kept;
  kept.emplace_back(static_cast<std::size_t>(megabytes) << 20, 'h');
  return ::getpid();
}

int wait_at(troupe::queue<int> gate) {
  (void)gate.get();
  return 1;
}

int say(troupe::queue<int> to) {
  to.put(1);
  return 2;
}

}  // namespace

TEST_CASE("a worker for each task: as many processes as tasks, and none of them fails") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 4, .max_tasks_per_worker = 1}};
  constexpr int tasks = support::scaled(5000);
  std::vector<troupe::future<int>> all;
  std::set<int> pids;
  for (int n = 0; n < tasks; ++n) all.push_back(pool.submit<pid_of_worker>(n));
  pool.close();  // with work queued
  for (auto& each : all) pids.insert(each.get());
  pool.join();
  CHECK(pids.size() == tasks);
}

TEST_CASE("a worker that is old works on until its successor has been initialized") {
  troupe::actor_system system;
  auto door = system.make_queue<int>();
  door.put(1);
  troupe::pool pool{system,
                    {.workers = 1,
                     .initializer = troupe::initialize_by<wait_to_be_let_in>(door),
                     .max_age_per_worker = 1ns}};
  const int first = pool.submit<pid_of_worker>(0).get();
  for (int n = 0; n < 50; ++n) REQUIRE(pool.submit<pid_of_worker>(n).get() == first);
  CHECK(pool.map<pid_of_worker>(range(50)) == std::vector<int>(50, first));
  door.put(1);
  int second = first;
  REQUIRE(support::wait_until([&] { return (second = pool.submit<pid_of_worker>(0).get()) != first; }));
  for (int n = 0; n < 50; ++n) REQUIRE(pool.submit<pid_of_worker>(n).get() == second);
  for (int n = 0; n < 5; ++n) door.put(1);
}

TEST_CASE("a successor that is of no use fails nobody: the old worker goes on") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  auto tickets = system.make_queue<int>({.capacity = 1});
  troupe::pool pool{system,
                    {.workers = 1,
                     .initializer = troupe::initialize_by<take_a_ticket>(tickets),
                     .max_age_per_worker = 1ns}};
  const int first = pool.submit<pid_of_worker>(0).get();
  for (int n = 0; n < 100; ++n) REQUIRE(pool.submit<pid_of_worker>(n).get() == first);
}

TEST_CASE("a worker that has grown is replaced, one that has not is kept") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 1, .max_memory_per_worker = std::size_t{200} << 20}};
  const int first = pool.submit<hoard>(1).get();
  for (int n = 0; n < 20; ++n) REQUIRE(pool.submit<hoard>(1).get() == first);
  CHECK(pool.submit<hoard>(300).get() == first);
  REQUIRE(support::wait_until([&] { return pool.submit<hoard>(1).get() != first; }));
  CHECK(pool.map<hoard>(std::vector<int>(20, 1)).back() != first);
}

TEST_CASE("what has waited for a worker for too long is never begun, and says so") {
  troupe::actor_system system;
  auto gate = system.make_queue<int>();
  auto begun = system.make_queue<int>();
  troupe::pool pool{system, {.workers = 1, .name = "slow", .queue_deadline = 1ms}};
  auto in_time = pool.submit<wait_at>(gate);
  auto late = pool.submit<say>(begun);
  auto late_too = pool.map_async<say>(std::vector{begun, begun}, {.chunk_size = 1});
  const auto submitted = std::chrono::steady_clock::now();
  REQUIRE(support::wait_until([&] { return std::chrono::steady_clock::now() - submitted > 2ms; }));
  gate.put(1);
  CHECK(in_time.get() == 1);  // it was begun in time, whatever it took
  try {
    (void)late.get();
    FAIL("it was late");
  } catch (const troupe::queue_deadline_exceeded& problem) {
    CHECK(problem.allowed() == 1ms);
    CHECK_THAT(problem.what(), Catch::Contains("'slow'") && Catch::Contains("not begun"));
  }
  CHECK_THROWS_AS(late_too.get(), troupe::queue_deadline_exceeded);
  CHECK(begun.empty());
  CHECK(pool.submit<say>(begun).get() == 2);
}
