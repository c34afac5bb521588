#include "runtime/spin.hpp"

#include <catch2/catch.hpp>
#include <chrono>

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

}  // namespace

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
