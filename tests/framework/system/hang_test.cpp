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
  int sleep_at_first() {
    if (troupe::this_actor::attempt() == 1) return sleep();
    std::this_thread::sleep_for(600ms);  // so that it is looked at meanwhile
    return static_cast<int>(incarnation());
  }
  int sleep() {
    std::this_thread::sleep_for(60s);
    return 0;
  }
};

void run_for_long() { std::this_thread::sleep_for(60s); }

/// What the host has been told. It outlives the system.
class hangs_of {
 public:
  void listen_to(troupe::actor_system& system) {
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
  hangs_of told;
  troupe::actor_system system{{.output = troupe::output::discard}};
  told.listen_to(system);
  const auto stuck = system.spawn<worker>({.name = "stuck", .on_hang = {1s}});
  const auto quick = system.spawn<worker>({.name = "quick", .on_hang = {1s}});
  auto never = stuck.ask<&worker::spin>();
  const auto hangs = told.wait_for(1);
  REQUIRE(hangs.size() == 1);
  CHECK(hangs[0].actor == "stuck");
  CHECK(hangs[0].pid == stuck.pid());
  CHECK(hangs[0].sign == troupe::hang_sign::handling);
  CHECK(hangs[0].since >= 1s);
  CHECK(hangs[0].method == "worker::spin");
  CHECK(hangs[0].waits_for.empty());
  CHECK(stuck.is_alive());
  auto another = quick.ask<&worker::sleep>();  // whose report comes after many looks at the first
  const auto both = told.wait_for(2);
  CHECK(both.size() == 2);
  CHECK(both.back().actor == "quick");
}

TEST_CASE("who hangs because another does is told with its name") {
  hangs_of told;
  troupe::actor_system system{{.output = troupe::output::discard}};
  told.listen_to(system);
  const auto other = system.spawn<worker>({.name = "other"});
  const auto waiter = system.spawn<worker>({.name = "waiter", .on_hang = {1s}});
  auto never = waiter.ask<&worker::wait_for>(other);
  CHECK(told.wait_for(1).front().waits_for == "other");
}

TEST_CASE("an actor that hangs may be killed for it, and started again") {
  hangs_of told;
  troupe::actor_system system{{.output = troupe::output::discard}};
  told.listen_to(system);
  const auto stuck = system.spawn<worker>(
      {.name = "stuck",
       .restart = {.when = troupe::restart::on_crash, .most = 100, .within = 60s, .delay = 1ms},
       .on_hang = {1s, troupe::hang_action::restart}});
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
      CHECK(down.status().limit_value >= 1000);
    }
    CHECK(behind.get() == round);
  }
  CHECK(told.all().size() == 3);
}

TEST_CASE("a process that is stopped while messages wait is told as silent") {
  hangs_of told;
  troupe::actor_system system{{.output = troupe::output::discard}};
  told.listen_to(system);
  const auto stopped = system.spawn<worker>({.name = "stopped", .on_hang = {20ms}});
  bool was_silent = false;
  for (int times = 0; times < 100 && !was_silent; ++times) {
    CHECK(stopped.ask<&worker::pid>().get() > 0);
    stopped.pause();  // which may come before the end of a handler, or after the next one's
    auto answer = stopped.ask<&worker::pid>();
    const auto before = told.all().size();
    CHECK(support::wait_until([&] { return answer.ready() || told.all().size() > before; }));
    was_silent = !told.all().empty() && told.all().back().sign == troupe::hang_sign::silent;
    stopped.resume();
    CHECK(answer.get() == stopped.pid());
  }
  CHECK(was_silent);
}

TEST_CASE("idle actors, and functions, do not hang") {
  hangs_of told;
  troupe::actor_system system{{.output = troupe::output::discard}};
  told.listen_to(system);
  const auto idle = system.spawn<worker>({.name = "idle", .on_hang = {1s}});
  CHECK(idle.ask<&worker::pid>().get() > 0);
  system.spawn<run_for_long>({.name = "function", .on_hang = {1s}});
  const auto stuck = system.spawn<worker>({.name = "stuck", .on_hang = {1500ms}});
  auto never = stuck.ask<&worker::spin>();
  CHECK(told.wait_for(1).front().actor == "stuck");
  CHECK(told.all().size() == 1);
}

TEST_CASE("what a process died with does not count against the next one") {
  hangs_of told;
  troupe::actor_system system{{.output = troupe::output::discard}};
  told.listen_to(system);
  const auto actor =
      system.spawn<worker>({.name = "actor",
                            .restart = {.when = troupe::restart::on_crash, .delay = 3s, .longest_delay = 3s},
                            .max_attempts = 2,
                            .on_hang = {2s, troupe::hang_action::restart}});
  auto busy = actor.ask<&worker::sleep_at_first>();
  REQUIRE(support::wait_until([&] { return busy.running(); }));
  actor.kill();
  CHECK(busy.get() == 1);
  CHECK(told.all().empty());
}
