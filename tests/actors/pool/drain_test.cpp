// What becomes of each call of a pool that is drained.
#include <troupe/pool.hpp>
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "actors/pool/bell.hpp"
#include "actors/pool/side_log.hpp"
#include "support/processes.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <random>
#include <set>
#include <signal.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }
void take_a_ticket(troupe::queue<int> tickets, const troupe::actor<tests::bell>& at) {
  at.ask<&tests::bell::ring>(0).get();
  (void)tickets.get();
}
/// The first twenty at once, two never, and those behind them with a ticket.
int note_with_ticket(const std::string& log, int n, troupe::queue<int> tickets) {
  tests::note(log, '+', n);
  while (n == 20 || n == 21) ::pause();
  if (n > 21) (void)tickets.get();
  tests::note(log, '-', n);
  return n;
}
/// One of 25 never ends.
int note_for_a_while(const std::string& log, int n, std::chrono::microseconds time) {
  tests::note(log, '+', n);
  while (n % 25 == 24) ::pause();
  std::this_thread::sleep_for(time);
  tests::note(log, '-', n);
  return n;
}

std::size_t starts_in(const tests::side_log& log) {
  std::size_t all = 0;
  for (const auto& [item, seen] : tests::read_attempts(log)) all += seen.starts;
  return all;
}

/// What became of the calls of a pool that was drained: each of them is in one of the sets.
struct fates {
  std::set<int> finished, killed, returned;

  explicit fates(std::vector<troupe::future<int>>& all) {
    for (int n = 0; n < static_cast<int>(all.size()); ++n) {
      try {
        const int result = all[static_cast<std::size_t>(n)].get();
        CHECK(result == n);
        finished.insert(n);
      } catch (const troupe::actor_down&) {
        killed.insert(n);
      } catch (const troupe::pool_closed&) {
        returned.insert(n);
      }
    }
  }

  /// Those that were given back are none that the log knows, and the others were begun once; who was killed may not have
  /// come to the log.
  void check(const troupe::drain_report& report, const tests::side_log& log) const {
    if (report.in_time) CHECK(killed.empty());
    std::set<int> given_back;
    for (const auto& each : report.unstarted) CHECK(given_back.insert(static_cast<int>(each.number)).second);
    CHECK(given_back == returned);
    const auto seen = tests::read_attempts(log);
    for (const int n : finished) CHECK(seen.contains(n));
    for (const auto& [n, attempts] : seen) {
      CAPTURE(n);
      CHECK(attempts.starts == 1);
      CHECK(attempts.ends <= 1);
      CHECK(finished.count(n) + killed.count(n) == 1);
      if (finished.contains(n)) CHECK(attempts.ends == 1);
    }
  }
};

}  // namespace

TEST_CASE(
    "of a hundred calls a drain lets some finish, kills what hangs and gives back the rest, as the log "
    "says") {
  troupe::actor_system system;
  const tests::side_log log;
  auto tickets = system.make_queue<int>();
  for (int n = 0; n < 20; ++n) tickets.put(n);
  troupe::pool pool{system, {.workers = 4}};
  std::vector<troupe::future<int>> all;
  for (int n = 0; n < 100; ++n) all.push_back(pool.submit<note_with_ticket>(log.path(), n, tickets));
  // By then all four are stuck: two in those that never end, two without a ticket.
  REQUIRE(support::wait_until([&] { return starts_in(log) == 44; }));
  const auto report = pool.drain(10ms);
  CHECK_FALSE(report.in_time);
  const fates of{all};
  of.check(report, log);
  CHECK(of.finished.size() == 40);
  CHECK(of.killed.size() == 4);
  CHECK(of.returned.size() == 56);
}

TEST_CASE(
    "a drain gives back what waits for a worker's initializer, but not what had begun in the one before") {
  troupe::actor_system system;
  const auto begun = system.spawn<tests::bell>();
  const auto heard = [&] { return begun.ask<&tests::bell::heard>().get(); };
  auto tickets = system.make_queue<int>();
  for (int n = 0; n < 2; ++n) tickets.put(n);
  troupe::pool pool{system,
                    {.workers = 2, .initializer = troupe::initialize_by<take_a_ticket>(tickets, begun)}};
  for (int worker = 0; worker < 2; ++worker) CHECK(heard() == 0);
  auto endless = pool.submit<tests::ring_for_ever>(begun);
  ::kill(heard(), SIGKILL);
  CHECK(heard() == 0);  // the next worker waits for its ticket, and the call for that worker
  const auto idle = pool.workers().back();
  idle.kill();
  idle.join();
  auto unbegun = pool.submit<add>(1, 1);
  CHECK(heard() == 0);
  const auto report = pool.drain(10ms);
  REQUIRE(report.unstarted.size() == 1);
  CHECK(report.unstarted[0].number == 1);
  CHECK_THROWS_AS(unbegun.get(), troupe::pool_closed);
  CHECK_THROWS_AS(endless.get(), troupe::actor_down);
}

TEST_CASE("a drain at any moment leaves each call in one of the sets") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    troupe::actor_system system;
    const tests::side_log log;
    troupe::pool pool{system, {.workers = 6}};
    std::vector<troupe::future<int>> all;
    for (int n = 0; n < 100; ++n)
      all.push_back(pool.submit<note_for_a_while>(log.path(), n, std::chrono::microseconds{random() % 1000}));
    const auto begun = random() % 90;
    REQUIRE(support::wait_until([&] { return starts_in(log) >= begun; }));
    const auto report = pool.drain(std::chrono::milliseconds{random() % 4});
    const fates of{all};
    of.check(report, log);
    CHECK(of.finished.size() + of.killed.size() + of.returned.size() == 100);
  }
}
