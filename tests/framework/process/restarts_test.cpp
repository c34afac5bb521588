// What a restart policy allows, and how long each restart waits.
#include "process/guardian.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>

using namespace std::chrono_literals;
using troupe::process_layer::delay_of;
using troupe::process_layer::has_restart_left;
using troupe::process_layer::restart_times;

TEST_CASE(
    "each delay is a fifth about twice the one before, up to the longest, and all of that band occurs") {
  const troupe::restart_policy policy{.most = 1000, .delay = 10ms, .longest_delay = 1s};
  auto wanted = 10ms;
  for (std::size_t restart = 1; restart <= 20; ++restart) {
    CAPTURE(restart);
    auto shortest = 1h + 0ns, longest = 0ns;
    for (int draw = 0; draw < 2000; ++draw) {
      const auto delay = delay_of(policy, restart);
      shortest = std::min(shortest, delay);
      longest = std::max(longest, delay);
    }
    CHECK(shortest >= wanted * 8 / 10);
    CHECK(shortest < wanted * 9 / 10);
    CHECK(longest > wanted * 11 / 10);
    CHECK(longest <= wanted * 12 / 10);
    wanted = std::min(wanted * 2, 1000ms);
  }
}

TEST_CASE("restarts within the window count, those before it do not, and what is refused is not noted") {
  const troupe::restart_policy policy{.most = 3, .within = 60s};
  restart_times times;
  for (int restart = 0; restart < 3; ++restart) CHECK(has_restart_left(times, policy));
  CHECK_FALSE(has_restart_left(times, policy));
  CHECK_FALSE(has_restart_left(times, policy));
  CHECK(times.size() == 3);
  times[0] -= 61s;
  CHECK(has_restart_left(times, policy));
  CHECK_FALSE(has_restart_left(times, policy));
  for (auto& time : times) time -= 61s;
  CHECK(has_restart_left(times, policy));
  CHECK(times.size() == 1);
  CHECK_FALSE(has_restart_left(times, {.most = 0, .within = 60s}));
}
