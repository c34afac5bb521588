// Items that no worker survives.
#include <troupe/pool.hpp>
#include <troupe/troupe.hpp>

#include "support/range.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <vector>

using Catch::Contains;
using support::range;

namespace {

int poisoned(int n) {
  if (n == 17 || n == 830) std::abort();
  return n + 1;
}
int throws_behind_poison(int n) {
  if (n == 3) std::abort();
  if (n == 5) throw std::out_of_range{"five"};
  return n;
}
/// Its worker dies of reading it.
struct mine {
  int number = 0;
  template <class Archive>
  void save(Archive& archive) const {
    archive(number);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(number);
    if (number == 4) ::_exit(9);
  }
};
int number_of(const mine& item) { return item.number; }

}  // namespace

TEST_CASE("an item that kills each of its workers is given up with all its causes, and the others are done") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  const auto all = pool.try_map<poisoned>(range(1000), {.chunk_size = 50});
  REQUIRE(all.size() == 1000);
  for (int n = 0; n < 1000; ++n) {
    const auto& each = all[static_cast<std::size_t>(n)];
    if (n != 17 && n != 830) {
      REQUIRE(each.value() == n + 1);
      continue;
    }
    try {
      (void)each.value();
      FAIL("there can be no result");
    } catch (const troupe::quarantined& given_up) {
      CHECK(dynamic_cast<const troupe::failed_at&>(given_up).index() == static_cast<std::size_t>(n));
      CHECK(given_up.fate() == troupe::call_fate::died_running);
      CHECK_THAT(given_up.what(), Contains("3 times") && Contains("killed by SIGABRT"));
      REQUIRE(given_up.attempts().size() == 3);
      std::set<int> pids;
      for (const auto& attempt : given_up.attempts()) {
        pids.insert(attempt.pid);
        CHECK(attempt.status.code == SIGABRT);
        CHECK_THAT(attempt.worker, Contains("pool-"));
      }
      CHECK(pids.size() == 3);
    }
  }
}

TEST_CASE("map names the first item that is given up, once all others are settled") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  std::size_t done = 0;
  const troupe::map_options options{
      .chunk_size = 50, .max_attempts = 2, .on_progress = [&](std::size_t so_far, auto) { done = so_far; }};
  try {
    (void)pool.map<poisoned>(range(1000), options);
    FAIL("there can be no results");
  } catch (const troupe::quarantined& given_up) {
    CHECK(given_up.attempts().size() == 2);
    CHECK(dynamic_cast<const troupe::failed_at&>(given_up).index() == 17);
  }
  CHECK(done == 1000);
  try {
    (void)pool.map_async<poisoned>(range(1000), {.chunk_size = 500, .max_attempts = 1}).get();
    FAIL("there can be no results");
  } catch (const troupe::quarantined& given_up) {
    CHECK(given_up.attempts().size() == 1);
    CHECK(dynamic_cast<const troupe::failed_at&>(given_up).index() == 17);
  }
  CHECK_THROWS_AS(pool.map<throws_behind_poison>(range(10), {.chunk_size = 10}), troupe::quarantined);
}

TEST_CASE("imap throws where the item is read that was given up, and goes on") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2, .max_attempts = 1}};
  auto results = pool.imap<poisoned>(range(100), {.chunk_size = 25});
  int at = 0;
  for (auto each = results.begin(); each != results.end(); ++each, ++at) {
    if (at == 17) {
      CHECK_THROWS_AS(*each, troupe::quarantined);
    } else {
      CHECK(*each == at + 1);
    }
  }
  CHECK(at == 100);
}

TEST_CASE("an item that cannot be read without dying is found among those that came with it") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2, .max_attempts = 2}};
  std::vector<mine> items;
  for (int n = 0; n < 10; ++n) items.push_back({n});
  const auto all = pool.try_map<number_of>(items, {.chunk_size = 10});
  for (std::size_t n = 0; n < 10; ++n) {
    CAPTURE(n);
    CHECK(all[n].has_value() == (n != 4));
  }
  CHECK_THROWS_AS(all[4].value(), troupe::quarantined);
}

TEST_CASE("attempts that make no sense are refused before anything is started") {
  troupe::actor_system system;
  CHECK_THROWS_AS((troupe::pool{system, {.max_attempts = 0}}), std::invalid_argument);
  troupe::pool pool{system, {.workers = 1}};
  CHECK_THROWS_AS(pool.map<poisoned>(range(3), {.max_attempts = 0}), std::invalid_argument);
  CHECK_THROWS_AS(pool.map<poisoned>(range(3), {.deadline = std::chrono::seconds{-1}}),
                  std::invalid_argument);
}
