// What a worker's death costs: the item that was running, and that only an attempt.
#include <troupe/pool.hpp>
#include <troupe/troupe.hpp>

#include "actors/pool/bell.hpp"
#include "actors/pool/side_log.hpp"
#include "support/processes.hpp"
#include "support/range.hpp"
#include "support/scaled.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <random>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using support::range;

namespace {

using noted_item = std::pair<std::string, int>;  // the side log's path, and a number

std::vector<noted_item> noted(const tests::side_log& log, int count) {
  std::vector<noted_item> all;
  for (int n = 0; n < count; ++n) all.emplace_back(log.path(), n);
  return all;
}

/// Dies in item 7, the first time.
int square_noted(const noted_item& item) {
  tests::note(item.first, '+', item.second);
  if (item.second == 7 && troupe::pool::attempt() == 1) ::raise(SIGKILL);
  tests::note(item.first, '-', item.second);
  return item.second * item.second;
}
std::string text_noted(const noted_item& item) {
  return std::string(100, 'x') + std::to_string(square_noted(item));
}
/// An item that takes a moment, in which its worker may be killed.
int slow_square(const noted_item& item) {
  tests::note(item.first, '+', item.second);
  if (troupe::pool::attempt() > 1 && tests::other_attempt_lives(item.first, item.second))
    tests::note(item.first, '!', item.second);
  std::this_thread::sleep_for(200us);
  tests::note(item.first, '-', item.second);
  return item.second * item.second;
}
/// Which attempts are running: an item's next never begins before the last is over.
int attempt_of(int n) {
  const auto now = troupe::pool::attempt();
  if (n % 10 == 3 && now < 3) ::raise(SIGKILL);
  return static_cast<int>(now);
}
int fail_odd_die_at_nine(int n) {
  if (n == 9 && troupe::pool::attempt() == 1) ::raise(SIGSEGV);
  if (n % 2 == 1) throw std::invalid_argument{"odd"};
  return n;
}
std::string fail_odd_with_text(int n) { return std::to_string(fail_odd_die_at_nine(n)); }
std::string large(int n) {
  if (n == 5 && troupe::pool::attempt() == 1) ::raise(SIGKILL);
  return std::string(50'000, static_cast<char>('a' + n));
}

/// Has random moments: kills one worker after another as long as it lives.
class killer {
 public:
  killer(troupe::pool& pool, unsigned seed) : thread_{[&pool, seed, this] { run(pool, seed); }} {}
  ~killer() {
    stop_ = true;
    thread_.join();
  }
  killer(const killer&) = delete;
  killer& operator=(const killer&) = delete;

 private:
  void run(troupe::pool& pool, unsigned seed) {
    std::mt19937 random{seed};
    while (!stop_) {
      const auto workers = pool.workers();
      // Ten times as long where a start takes as much longer: some work has to be done in between.
      std::this_thread::sleep_for(std::chrono::microseconds{random() % (40'000 / support::scaled(10U))});
      workers[random() % workers.size()].kill();
    }
  }
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

/// How many random histories the cases under kills try: more of them where somebody has the time.
unsigned seeds() {
  const auto* const given = std::getenv("TROUPE_SEEDS");
  return given != nullptr ? static_cast<unsigned>(std::stoul(given)) : 1 + support::scaled(40U) / 10;
}

/// Of an item that is given up after so many attempts: a result, or the news of each of them.
void check_settled(const troupe::outcome<int>& result, int item, std::size_t most) {
  CAPTURE(item);
  if (result) {
    CHECK(*result == item * item);
    return;
  }
  try {
    (void)result.value();
    FAIL("it has no result, and no error");
  } catch (const troupe::quarantined& given_up) {
    CHECK(given_up.attempts().size() == most);
  }
}

class beginner {
 public:
  void begin(const std::string& path) { tests::note(path, '+', 1); }
};

template <class Checked>
void check_only_one_ran_twice(const tests::side_log& log, int count, int twice, const Checked& results) {
  CHECK(results.size() == static_cast<std::size_t>(count));
  const auto all = tests::read_attempts(log);
  REQUIRE(all.size() == static_cast<std::size_t>(count));
  for (const auto& [item, seen] : all) {
    CAPTURE(item);
    CHECK(seen.starts == (item == twice ? 2 : 1));
    CHECK(seen.ends == 1);
  }
}

}  // namespace

TEST_CASE("of a chunk whose worker dies only the item that was running is begun again") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  {
    const tests::side_log log;
    check_only_one_ran_twice(log, 40, 7, pool.map<square_noted>(noted(log, 40), {.chunk_size = 20}));
  }
  {
    const tests::side_log log;
    check_only_one_ran_twice(log, 40, 7, pool.map<text_noted>(noted(log, 40), {.chunk_size = 20}));
  }
  {
    const tests::side_log log;
    check_only_one_ran_twice(log, 40, 7,
                             pool.map_async<square_noted>(noted(log, 40), {.chunk_size = 20}).get());
  }
}

TEST_CASE("an item of which workers die is begun again, and is told which attempt it is") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  const auto attempts = pool.map<attempt_of>(range(40), {.chunk_size = 20});
  for (int n = 0; n < 40; ++n) CHECK(attempts[static_cast<std::size_t>(n)] == (n % 10 == 3 ? 3 : 1));
  CHECK(pool.submit<attempt_of>(3).get() == 3);
  CHECK(pool.map_async<attempt_of>(range(10)).get()[3] == 3);
  CHECK(troupe::pool::attempt() == 0);
}

TEST_CASE("what had failed before its worker died has failed, numbers and texts alike") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 1}};
  const auto check = [](const auto& results) {
    REQUIRE(results.size() == 20);
    for (std::size_t n = 0; n < 20; ++n) {
      CAPTURE(n);
      CHECK(results[n].has_value() == (n % 2 == 0));
      if (n % 2 == 1) CHECK_THROWS_AS(results[n].value(), std::invalid_argument);
    }
  };
  check(pool.try_map<fail_odd_die_at_nine>(range(20), {.chunk_size = 20}));
  check(pool.try_map<fail_odd_with_text>(range(20), {.chunk_size = 20}));
}

TEST_CASE("results too large for a worker's notes come all the same") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  const auto all = pool.map<large>(range(20), {.chunk_size = 10});
  REQUIRE(all.size() == 20);
  for (std::size_t n = 0; n < 20; ++n)
    CHECK(all[n] == std::string(50'000, static_cast<char>('a' + static_cast<int>(n))));
}

TEST_CASE(
    "a map under kills at random moments is complete and right, and nothing that was finished is repeated") {
  constexpr int items = 400;
  for (unsigned seed = 1; seed <= seeds(); ++seed) {
    CAPTURE(seed);
    troupe::actor_system system;
    troupe::pool pool{system, {.workers = 3, .max_attempts = 100}};
    const tests::side_log log;
    std::vector<int> results;
    {
      const killer at_work{pool, seed};
      results = pool.map<slow_square>(noted(log, items), {.chunk_size = 1 + seed * 7 % 20});
    }
    REQUIRE(results.size() == items);
    std::size_t again = 0;
    for (const auto& [item, seen] : tests::read_attempts(log)) {
      CAPTURE(item, seen.starts, seen.ends);
      CHECK(results[static_cast<std::size_t>(item)] == item * item);
      CHECK(seen.ends >= 1);
      CHECK(seen.overlaps == 0);
      again += seen.after_the_end;
    }
    // Between the end of a function and the note of its result a kill may come.
    CHECK(again <= 3);
  }
}

TEST_CASE("an item under kills is begun no oftener than it may be, never twice at once, and settled once") {
  constexpr int items = 200;
  for (unsigned seed = 1; seed <= seeds(); ++seed) {
    const std::size_t most = 1 + seed % 3;
    CAPTURE(seed, most);
    troupe::actor_system system;
    troupe::pool pool{system, {.workers = 3, .max_attempts = most}};
    const tests::side_log log;
    std::vector<troupe::outcome<int>> results;
    {
      const killer at_work{pool, seed};
      results = pool.try_map<slow_square>(noted(log, items), {.chunk_size = 1 + seed * 7 % 20});
    }
    REQUIRE(results.size() == items);
    auto seen = tests::read_attempts(log);
    for (int item = 0; item < items; ++item) {
      const auto& result = results[static_cast<std::size_t>(item)];
      check_settled(result, item, most);
      CAPTURE(item, seen[item].ends);
      CHECK(seen[item].starts <= most);
      CHECK(seen[item].overlaps == 0);
      if (result) CHECK(seen[item].ends >= 1);
    }
  }
}

TEST_CASE("the side log shows attempts at the same time, whether both live or only one has ended") {
  troupe::actor_system system;
  const tests::side_log log;
  const auto other = system.spawn<beginner>();
  other.ask<&beginner::begin>(log.path()).get();
  tests::note(log.path(), '+', 1);
  CHECK(tests::other_attempt_lives(log.path(), 1));
  CHECK_FALSE(tests::other_attempt_lives(log.path(), 2));
  other.kill();
  other.join();
  CHECK_FALSE(tests::other_attempt_lives(log.path(), 1));
  tests::note(log.path(), '-', 1);
  CHECK(tests::read_attempts(log).at(1).overlaps == 0);
  const auto third = system.spawn<beginner>();
  third.ask<&beginner::begin>(log.path()).get();
  tests::note(log.path(), '-', 1);
  CHECK(tests::read_attempts(log).at(1).overlaps == 1);
  CHECK(tests::read_attempts(log).at(1).starts == 3);
  CHECK(tests::read_attempts(log).at(1).after_the_end == 1);
}

TEST_CASE("what is cancelled while it runs is not begun again") {
  troupe::actor_system system;
  const auto begun = system.spawn<tests::bell>();
  troupe::pool pool{system, {.workers = 1}};
  auto endless = pool.submit<tests::ring_for_ever>(begun);
  (void)begun.ask<&tests::bell::heard>().get();
  endless.cancel();
  CHECK_THROWS_AS(endless.get(), troupe::cancelled);
  CHECK(pool.submit<attempt_of>(1).get() == 1);
}

TEST_CASE("a call that is killed from outside is begun again in another worker") {
  troupe::actor_system system;
  const auto begun = system.spawn<tests::bell>();
  troupe::pool pool{system, {.workers = 2, .max_attempts = 2}};
  auto endless = pool.submit<tests::ring_for_ever>(begun);
  const int first = begun.ask<&tests::bell::heard>().get();
  ::kill(first, SIGKILL);
  const int second = begun.ask<&tests::bell::heard>().get();
  CHECK(second != first);
  CHECK(support::state_of(first) == 0);  // reaped
  ::kill(second, SIGKILL);
  CHECK_THROWS_AS(endless.get(), troupe::quarantined);
}
