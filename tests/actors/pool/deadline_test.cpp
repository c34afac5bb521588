// Items that take too long, or too much.
#include <troupe/pool.hpp>
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "actors/pool/bell.hpp"
#include "support/processes.hpp"
#include "support/range.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <new>
#include <signal.h>
#include <string>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;
using Catch::Contains;
using support::range;

namespace {

int same(int n) { return n; }
/// Does not come to its end, in ways that no signal but SIGKILL changes.
int endless_at_four(int n) {
  if (n != 4) return n;
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  for (volatile bool on = true; on;) {
  }
  return n;
}
int stop_at_four(int n) {
  if (n == 4) ::raise(SIGSTOP);
  return n;
}
int nothing() { return 1; }
void loop() {
  for (volatile bool on = true; on;) {
  }
}
std::size_t take(std::size_t bytes) {
  const std::vector<char> all(bytes, 'x');
  return all.size();
}
/// Nobody catches what it throws.
std::size_t take_or_die(std::size_t size) noexcept { return take(size); }

}  // namespace

TEST_CASE("an item that runs longer than its deadline is ended with its worker, and the others are done") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2, .deadline = 100ms}};
  const auto check = [&](const auto& all) {
    REQUIRE(all.size() == 10);
    for (std::size_t n = 0; n < 10; ++n) CHECK(all[n].has_value() == (n != 4));
    try {
      (void)all[4].value();
      FAIL("there can be no result");
    } catch (const troupe::deadline_exceeded& late) {
      CHECK(dynamic_cast<const troupe::failed_at&>(late).index() == 4);
      CHECK(late.allowed() == 100ms);
      CHECK(late.attempt().status.code == SIGKILL);
      CHECK(support::state_of(late.attempt().pid) == 0);
      CHECK_THAT(late.what(), Contains("0.100 s") && Contains(late.attempt().worker));
    }
  };
  check(pool.try_map<endless_at_four>(range(10), {.chunk_size = 5}));
  check(pool.try_map<stop_at_four>(range(10), {.chunk_size = 10}));
  CHECK_THROWS_AS(pool.map<endless_at_four>(range(10)), troupe::timeout);
}

TEST_CASE("a call's deadline is kept with nobody waiting, and counts from its start") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 1, .deadline = 50ms}};
  auto calls = system.make_queue<std::string>();
  for (int n = 0; n < 3; ++n) {
    pool.submit<loop>().then([calls](troupe::future<void> ended) mutable {
      try {
        ended.get();
      } catch (const troupe::deadline_exceeded& late) {
        calls.put(late.what());
      }
    });
  }
  for (int n = 0; n < 3; ++n) CHECK_THAT(calls.get().value(), Contains("deadline"));
  CHECK(pool.submit<nothing>().get() == 1);
}

TEST_CASE("short items under a deadline all come, many more than one worker's life has time for") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2, .deadline = 1s}};
  CHECK(pool.map<same>(range(20'000)) == range(20'000));
  const auto pids = pool.map([](int) { return ::getpid(); }, range(10));
  CHECK(pids.size() == 10);
}

TEST_CASE("an item that wants more memory than its worker may have fails, and the pool goes on") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  WARN("not run: RLIMIT_DATA leaves a sanitizer no memory for itself");
  return;
#endif
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2, .memory_limit = std::size_t{256} << 20}};
  const std::vector<std::size_t> sizes{1000, std::size_t{1} << 30, 2000};
  const auto all = pool.try_map<take>(sizes);
  CHECK(all[0].value() == 1000);
  CHECK_THROWS_AS(all[1].value(), std::bad_alloc);
  CHECK(all[2].value() == 2000);
}

TEST_CASE(
    "an item whose workers die of their memory limit is given up as any that kills, and the others are "
    "done") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  WARN("not run: RLIMIT_DATA leaves a sanitizer no memory for itself");
  return;
#endif
  troupe::actor_system system{{.output = troupe::output::discard}};
  troupe::pool pool{system, {.workers = 2, .max_attempts = 2, .memory_limit = std::size_t{256} << 20}};
  std::vector<std::size_t> sizes(200, 1000);
  sizes[50] = std::size_t{512} << 20;  // twice what there is
  const auto all = pool.try_map<take_or_die>(sizes, {.chunk_size = 10});
  for (std::size_t n = 0; n < sizes.size(); ++n) {
    if (n != 50) REQUIRE(all[n].value() == 1000);
  }
  try {
    (void)all[50].value();
    FAIL("there can be no result");
  } catch (const troupe::quarantined& given_up) {
    CHECK(given_up.attempts().size() == 2);
  }
}
