// Actors that are alive and do not get on.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

class worker {
 public:
  int pid() const { return troupe::this_actor::pid(); }
  unsigned incarnation() const { return troupe::this_actor::incarnation(); }
  void spin() {
    for (volatile bool on = true; on;) continue;
  }
  int wait_for(troupe::actor<worker> other) { return other.ask<&worker::sleep>().get(); }
  int sleep() {
    std::this_thread::sleep_for(60s);
    return 0;
  }
};

void run_for_long() { std::this_thread::sleep_for(60s); }

/// What the host has been told.
class hangs_of {
 public:
  explicit hangs_of(troupe::actor_system& system) {
    system.on_hang([this](const troupe::hang& what) {
      const std::lock_guard lock{mutex_};
      told_.push_back(what);
    });
  }
  std::vector<troupe::hang> wait_for(std::size_t count) {
    CHECK(support::wait_until([&] { return all().size() >= count; }));
    return all();
  }
  std::vector<troupe::hang> all() {
    const std::lock_guard lock{mutex_};
    return told_;
  }

 private:
  std::mutex mutex_;
  std::vector<troupe::hang> told_;
};

}  // namespace

TEST_CASE("a handler that does not come to its end is told, once") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  hangs_of told{system};
  const auto stuck = system.spawn<worker>({.name = "stuck", .on_hang = {20ms}});
  const auto quick = system.spawn<worker>({.name = "quick", .on_hang = {20ms}});
  auto never = stuck.ask<&worker::spin>();
  const auto hangs = told.wait_for(1);
  REQUIRE(hangs.size() == 1);
  CHECK(hangs[0].actor == "stuck");
  CHECK(hangs[0].pid == stuck.pid());
  CHECK(hangs[0].sign == troupe::hang_sign::handling);
  CHECK(hangs[0].since >= 20ms);
  CHECK(hangs[0].method == "worker::spin");
  CHECK(hangs[0].waits_for.empty());
  CHECK(stuck.is_alive());
  auto another = quick.ask<&worker::sleep>();  // whose report comes after many looks at the first
  const auto both = told.wait_for(2);
  CHECK(both.size() == 2);
  CHECK(both.back().actor == "quick");
}

TEST_CASE("who hangs because another does is told with its name") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  hangs_of told{system};
  const auto other = system.spawn<worker>({.name = "other"});
  const auto waiter = system.spawn<worker>({.name = "waiter", .on_hang = {20ms}});
  auto never = waiter.ask<&worker::wait_for>(other);
  CHECK(told.wait_for(1).front().waits_for == "other");
}

TEST_CASE("an actor that hangs may be killed for it, and started again") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  hangs_of told{system};
  const auto stuck = system.spawn<worker>(
      {.name = "stuck",
       .restart = {.when = troupe::restart::on_crash, .most = 100, .within = 60s, .delay = 1ms},
       .on_hang = {20ms, troupe::hang_action::restart}});
  for (unsigned round = 1; round <= 3; ++round) {
    auto never = stuck.ask<&worker::spin>();
    auto behind = stuck.ask<&worker::incarnation>();
    try {
      never.get();
      FAIL("an endless loop has answered");
    } catch (const troupe::actor_down& down) {
      CHECK(down.fate() == troupe::call_fate::died_running);
      CHECK(down.status().kind == troupe::exit_kind::limit);
      CHECK(down.status().limit == troupe::limit_kind::hang);
      CHECK(down.status().limit_value >= 20);
    }
    CHECK(behind.get() == round);
  }
  CHECK(told.all().size() == 3);
}

TEST_CASE("a process that is stopped while messages wait is told as silent") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  hangs_of told{system};
  const auto stopped = system.spawn<worker>({.name = "stopped", .on_hang = {20ms}});
  CHECK(stopped.ask<&worker::pid>().get() > 0);
  stopped.pause();
  auto answer = stopped.ask<&worker::pid>();
  const auto hangs = told.wait_for(1);
  CHECK(hangs[0].sign == troupe::hang_sign::silent);
  stopped.resume();
  CHECK(answer.get() == stopped.pid());
}

TEST_CASE("idle actors, and functions, do not hang") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  hangs_of told{system};
  const auto idle = system.spawn<worker>({.name = "idle", .on_hang = {5ms}});
  CHECK(idle.ask<&worker::pid>().get() > 0);
  system.spawn<run_for_long>({.name = "function", .on_hang = {5ms}});
  const auto stuck = system.spawn<worker>({.name = "stuck", .on_hang = {50ms}});
  auto never = stuck.ask<&worker::spin>();
  CHECK(told.wait_for(1).front().actor == "stuck");
  CHECK(told.all().size() == 1);
}
