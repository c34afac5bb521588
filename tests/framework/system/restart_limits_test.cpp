// How often, and how soon, an actor that dies is started again.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

/// When each process of an actor came to its constructor; the clock is the machine's.
struct starts {
  troupe::shared_value<int> count{0};
  troupe::shared_array<std::int64_t> times{100};

  void note() const {
    const int place = (*count)++;  // no two processes of an actor live at the same time
    times.at(static_cast<std::size_t>(place)) = clock_type::now().time_since_epoch().count();
  }
  [[nodiscard]] std::chrono::nanoseconds between(int one, int next) const {
    return std::chrono::nanoseconds{times.at(static_cast<std::size_t>(next)) -
                                    times.at(static_cast<std::size_t>(one))};
  }
};

class stillborn {
 public:
  explicit stillborn(const starts& all) {
    all.note();
    std::abort();
  }
  int add(int n) { return n; }
};

class short_lived {
 public:
  explicit short_lived(const starts& all) { all.note(); }
  unsigned incarnation() const { return troupe::this_actor::incarnation(); }
  void die() { std::abort(); }
  troupe::task<> live_and_die(std::chrono::milliseconds time) {
    co_await troupe::this_actor::sleep(time);
    std::abort();
  }
};

constexpr troupe::restart_policy five_times{
    .when = troupe::restart::on_crash, .most = 5, .within = 60s, .delay = 20ms, .longest_delay = 100ms};

/// Each wait is as long as the policy says, but for the fifth that it may be shorter by.
void check_delays(const starts& all) {
  auto delay = five_times.delay;
  for (int restart = 1; restart <= 5; ++restart) {
    CAPTURE(restart);
    CHECK(all.between(restart - 1, restart) >= delay * 4 / 5);
    delay = std::min(delay * 2, five_times.longest_delay);
  }
}

}  // namespace

TEST_CASE("what aborts in its constructor is started again as often as it may be, later each time") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const starts all;
  const auto actor = system.spawn<stillborn>({.restart = five_times}, all);
  try {
    actor.ask<&stillborn::add>(1).get();
    FAIL("it has answered");
  } catch (const troupe::actor_down& down) {
    CHECK(down.fate() == troupe::call_fate::not_started);
    CHECK(down.status().code == SIGABRT);
    CHECK(down.status().incarnation == 5);
  }
  CHECK(actor.join().code == SIGABRT);
  CHECK(*all.count == 6);
  check_delays(all);
}

TEST_CASE("what aborts over its first message is started again as often as it may be, later each time") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const starts all;
  const auto actor = system.spawn<short_lived>({.restart = five_times, .max_attempts = 1000}, all);
  try {
    actor.ask<&short_lived::die>().get();
    FAIL("it has answered");
  } catch (const troupe::actor_down& down) {
    CHECK(down.status().code == SIGABRT);
    CHECK(down.status().incarnation == 5);
  }
  CHECK(actor.join().incarnation == 5);
  CHECK(*all.count == 6);
  check_delays(all);
}

TEST_CASE("a while of work before each death does not make it count less") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const starts all;
  const troupe::restart_policy policy{
      .when = troupe::restart::on_crash, .most = 3, .within = 60s, .delay = 1ms};
  const auto actor = system.spawn<short_lived>({.restart = policy}, all);
  for (unsigned life = 0; life <= 3; ++life) {
    for (int n = 0; n < 20; ++n) CHECK(actor.ask<&short_lived::incarnation>().get() == life);
    CHECK_THROWS_AS(actor.ask<&short_lived::live_and_die>(50ms).get(), troupe::actor_down);
  }
  CHECK(actor.join().code == SIGABRT);
  CHECK(*all.count == 4);
  for (int life = 0; life < 3; ++life) CHECK(all.between(life, life + 1) >= 50ms);
}

TEST_CASE("deaths longer ago than the policy looks back do not count") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const troupe::restart_policy policy{
      .when = troupe::restart::on_crash, .most = 1, .within = 50ms, .delay = 1ms};
  const auto actor = system.spawn<short_lived>({.restart = policy}, starts{});
  for (unsigned life = 0; life < 6; ++life) {
    REQUIRE(actor.ask<&short_lived::incarnation>().get() == life);
    const auto seen = clock_type::now();
    CHECK(support::wait_until([&] { return clock_type::now() > seen + policy.within; }));
    CHECK_THROWS_AS(actor.ask<&short_lived::die>().get(), troupe::actor_down);
  }
  CHECK(actor.is_alive());
}
