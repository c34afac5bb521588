#include "runtime/spin.hpp"

#include "platform/clock.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace std::chrono_literals;
using troupe::runtime::spin;

namespace {

/// How many of so many waits were looked for at all, where nothing comes.
int looked_for(spin& waiting, int waits) {
  int count = 0;
  for (int n = 0; n < waits; ++n) {
    bool looked = false;
    CHECK_FALSE(waiting.until([&] {
      looked = true;
      return false;
    }));
    count += looked ? 1 : 0;
  }
  return count;
}

int yields = 0;
/// Nanoseconds that the next ones take; none: as long as they do.
std::int64_t yield_takes = 0;

/// Waits in vain; how often that gave way to others.
int yields_in_one_wait(spin& waiting) {
  yields = 0;
  CHECK_FALSE(waiting.until([] { return false; }));
  return yields;
}

}  // namespace

/// In the place of the C library's, in all of this program: what somebody else's turn would be.
extern "C" int sched_yield() noexcept {
  ++yields;
  if (yield_takes == 0) return static_cast<int>(::syscall(SYS_sched_yield));
  const auto end = troupe::platform::monotonic_nanoseconds() + yield_takes;
  while (troupe::platform::monotonic_nanoseconds() < end) {
  }
  return 0;
}

TEST_CASE("what has come is seen at the first look") {
  spin waiting{20us};
  int looks = 0;
  CHECK(waiting.until([&] { return ++looks == 1; }));
  CHECK(looks == 1);
}

TEST_CASE("what comes while it looks is seen") {
  spin waiting{60s};
  int looks = 0;
  // Another process may want the core, and it sleeps: that is another wait.
  while (!waiting.until([&] { return ++looks >= 1000; })) {
  }
  CHECK(looks >= 1000);
}

TEST_CASE("without a budget it never looks") {
  spin waiting{0ns};
  CHECK_FALSE(waiting.until([] { return true; }));
}

TEST_CASE("where looking is in vain fewer and fewer waits are looked for, until it pays again") {
  spin waiting{1us};
  CHECK(looked_for(waiting, 1) == 1);
  CHECK(looked_for(waiting, 100) < 10);
  CHECK(looked_for(waiting, 10'000) < 20);
  for (int n = 0; n < 20'000; ++n) (void)waiting.until([] { return true; });
  CHECK(looked_for(waiting, 1) == 1);
}

TEST_CASE("where giving way takes long, somebody else wants the core, and it sleeps") {
  spin waiting{10ms};
  yield_takes = 50'000;
  CHECK(yields_in_one_wait(waiting) == 1);
  yield_takes = 0;
}

TEST_CASE("where giving way takes no time it goes on looking") {
  spin waiting{10ms};
  yield_takes = 1;
  // Somebody may really want the core: then the next wait that is looked for.
  int most = 0;
  for (int n = 0; n < 20'000 && most < 100; ++n) most = std::max(most, yields_in_one_wait(waiting));
  yield_takes = 0;
  CHECK(most >= 100);
}
