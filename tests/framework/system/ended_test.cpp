// The end of a process as a future.
#include <troupe/troupe.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// Runs until it is stopped.
class idler {
 public:
  int pid() const { return troupe::this_actor::pid(); }
  int die() { return ::raise(SIGKILL); }
};

/// Waits inside its handlers.
class waiter {
 public:
  int signal_of(const troupe::process& other) { return other.ended().get().code; }
  troupe::task<int> later_signal_of(troupe::process other) { co_return (co_await other.ended()).code; }
  std::size_t which(const troupe::process& a, const troupe::process& b) {
    const auto first = a.ended();
    const auto second = b.ended();
    return troupe::wait_any(first, second).value();
  }
  bool is_there() const { return true; }
};

void wait_for_parent(troupe::port<int> told) {
  auto end = troupe::this_actor::parent()->ended();
  told.tell(0);
  told.tell(end.get().code);
}

class owner {
 public:
  void have_child(const troupe::port<int>& told) {
    troupe::this_actor::system().spawn<wait_for_parent>(told);
  }
};

class listener {
 public:
  void heard(int code) { code_ = code; }
  int code() const { return code_; }

 private:
  int code_ = -1;
};

}  // namespace

TEST_CASE("the end of a process is a future with its exit status") {
  troupe::actor_system system;
  const auto some = system.spawn<idler>();
  auto end = some.ended();
  REQUIRE_FALSE(end.wait_for(10ms));
  some.kill();
  REQUIRE(end.get().code == SIGKILL);
  auto again = some.ended();
  REQUIRE(again.wait_for(20s));
  REQUIRE(again.get().kind == troupe::exit_kind::signal);
  REQUIRE(system.spawn([] {}).ended().get().ok());
}

TEST_CASE("whoever was handed a process waits for its end, in a handler too") {
  troupe::actor_system system;
  const auto other = system.spawn<idler>();
  const auto by = system.spawn<waiter>();
  auto blocked = by.ask<&waiter::signal_of>(other);
  REQUIRE_FALSE(blocked.wait_for(10ms));
  other.terminate();
  REQUIRE(blocked.get() == SIGTERM);

  const auto another = system.spawn<idler>();
  auto suspended = by.ask<&waiter::later_signal_of>(another);
  REQUIRE(by.ask<&waiter::is_there>().get());
  another.kill();
  REQUIRE(suspended.get() == SIGKILL);
  REQUIRE(by.ask<&waiter::signal_of>(other).get() == SIGTERM);
}

TEST_CASE("wait_any waits for an end, an answer, and another end") {
  troupe::actor_system system;
  const auto one = system.spawn<idler>();
  const auto two = system.spawn<idler>();
  const auto by = system.spawn<waiter>();
  auto first = one.ended();
  auto answer = by.ask<&waiter::which>(one, two);
  auto second = two.ended();
  REQUIRE_FALSE(troupe::wait_any(5ms, first, answer, second));
  two.kill();
  REQUIRE(second.get().code == SIGKILL);
  REQUIRE(troupe::wait_any(first, answer, second) == 1);  // the second has been taken
  REQUIRE(answer.get() == 1);
  one.kill();
  REQUIRE(troupe::wait_any(first, answer) == 0);
}

TEST_CASE("an end that has come already ends a wait for others too") {
  troupe::actor_system system;
  const auto alive = system.spawn<idler>();
  const auto dead = system.spawn<idler>();
  dead.kill();
  dead.join();
  auto pending = alive.ended();
  REQUIRE_FALSE(pending.running());  // nothing runs for it
  auto past = dead.ended();
  REQUIRE(troupe::wait_any(pending, past) == 1);
  REQUIRE(system.spawn<waiter>().ask<&waiter::which>(alive, dead).get() == 1);
}

TEST_CASE("an end calls back, once") {
  troupe::actor_system system;
  const auto some = system.spawn<idler>();
  std::atomic<int> code{0};
  some.ended().then([&](troupe::future<troupe::exit_status> end) { code += end.get().code; });
  some.kill();
  some.join();
  while (code == 0) std::this_thread::yield();
  some.ended().then([&](troupe::future<troupe::exit_status> end) { code += end.get().code; });
  while (code == SIGKILL) std::this_thread::yield();
  REQUIRE(code == 2 * SIGKILL);
}

TEST_CASE("an end that is given up is cancelled, and the process lives on") {
  troupe::actor_system system;
  const auto some = system.spawn<idler>();
  auto end = some.ended();
  end.cancel();
  REQUIRE_THROWS_AS(end.get(), troupe::cancelled);
  REQUIRE(some.ask<&idler::pid>().get() == some.pid());
}

TEST_CASE("an actor that ends with its system has ended", "[one_machine]") {
  troupe::future<troupe::exit_status> end;
  {
    troupe::actor_system system;
    end = system.spawn<idler>().ended();
  }
  REQUIRE(end.wait_for(20s));
  REQUIRE(end.get().ok());
}

TEST_CASE("a child waits for its parent's end") {
  troupe::actor_system system;
  const auto ear = system.spawn<listener>();
  const auto parent = system.spawn<owner>();
  parent.tell<&owner::have_child>(ear.port<&listener::heard>());
  while (ear.ask<&listener::code>().get() != 0) std::this_thread::yield();
  parent.kill();
  while (ear.ask<&listener::code>().get() != SIGKILL) std::this_thread::yield();
}

TEST_CASE("who is told that the other is down finds it ended", "[one_machine]") {
  troupe::actor_system system;
  for (int round = 0; round < 100; ++round) {
    const auto some = system.spawn<idler>();
    auto last = some.ask<&idler::die>();
    while (!last.ready()) {  // not asleep: it is to look at once
    }
    REQUIRE_FALSE(some.is_alive());
    REQUIRE(some.exit_status()->code == SIGKILL);
  }
}
