// Every public member, used after the system's end: each says so, and none waits.
#include <troupe/troupe.hpp>

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;

namespace {

class echo {
 public:
  int say(int value) { return value; }
};
void nothing() {}

}  // namespace

TEST_CASE("use after stop says system_stopped, in every member") {
  troupe::actor_system system;
  const auto used = system.spawn<echo>({.name = "used"});
  const auto unused = system.spawn<echo>({.name = "unused"});
  const auto function = system.spawn<nothing>();
  const troupe::process as_process = used;
  auto taken = used.ask<&echo::say>(1);
  REQUIRE(taken.get() == 1);
  auto ready = used.ask<&echo::say>(2);
  REQUIRE(ready.wait_for(20s));
  (void)system.stop();

  struct use {
    const char* what;
    std::function<void()> run;
  };
  std::vector<use> uses;
  for (const auto& handle : {as_process, static_cast<troupe::process>(unused), function}) {
    const std::vector<use> of_process{
        {"pid", [handle] { (void)handle.pid(); }},
        {"is_alive", [handle] { (void)handle.is_alive(); }},
        {"stop", [handle] { handle.stop(); }},
        {"terminate", [handle] { handle.terminate(); }},
        {"kill", [handle] { handle.kill(); }},
        {"join", [handle] { (void)handle.join(); }},
        {"join_for", [handle] { (void)handle.join_for(1h); }},
        {"exit_status", [handle] { (void)handle.exit_status(); }},
        {"on_down", [handle] { handle.on_down([](const troupe::exit_status&) { FAIL("called back"); }); }}};
    uses.insert(uses.end(), of_process.begin(), of_process.end());
  }
  const std::vector<use> others{{"tell", [&] { used.tell<&echo::say>(1); }},
                                {"tell, never connected", [&] { unused.tell<&echo::say>(1); }},
                                {"try_tell", [&] { (void)used.try_tell<&echo::say>(1); }},
                                {"ask", [&] { (void)used.ask<&echo::say>(1); }},
                                {"ask, never connected", [&] { (void)unused.ask<&echo::say>(1); }},
                                {"spawn of a class", [&] { (void)system.spawn<echo>(); }},
                                {"spawn of a function", [&] { (void)system.spawn<nothing>(); }},
                                {"spawn with much", [&] { (void)system.spawn<echo>({.name = "n"}); }}};
  uses.insert(uses.end(), others.begin(), others.end());
  for (const auto& one : uses) {
    INFO(one.what);
    CHECK_THROWS_AS(one.run(), troupe::system_stopped);
  }

  CHECK(used.name() == "used");
  CHECK(used == as_process);
  CHECK(ready.get() == 2);  // it had come
  CHECK(system.stop().stopped.empty());
  CHECK(system.stop(1s).killed.empty());
}

TEST_CASE("an answer that had not come, and a wait that had begun, end with the system") {
  troupe::future<int> pending;
  {
    troupe::actor_system system{{.grace = 0ms}};
    const auto actor = system.spawn<echo>();
    pending = actor.ask<&echo::say>(1);
  }
  try {
    (void)pending.get(20s);  // it had come in time
  } catch (const troupe::timeout&) {
    FAIL("it waits for nothing");
  } catch (const troupe::error&) {
  }
}

TEST_CASE("a system that has ended leaves others alone") {
  troupe::actor_system witness;
  const auto friendly = witness.spawn<echo>();
  {
    troupe::actor_system other;
    const auto actor = other.spawn<echo>();
    (void)other.stop();
    CHECK_THROWS_AS(actor.tell<&echo::say>(1), troupe::system_stopped);
    CHECK(friendly.ask<&echo::say>(1).get() == 1);
  }
  CHECK(friendly.ask<&echo::say>(2).get() == 2);
}
