// More than one system: in one host, one after the other, and one that an actor makes for itself.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

class counter {
 public:
  int next() { return ++count_; }
  bool has_parent() { return troupe::this_actor::parent().has_value(); }

 private:
  int count_ = 0;
};

/// An actor that is the host of a system of its own.
class host_itself {
 public:
  std::vector<int> begin() {
    own_ = std::make_unique<troupe::actor_system>();
    inner_ = own_->spawn<counter>({.name = "inner"});
    executed_ = own_->spawn<counter>({.name = "executed", .start = troupe::start_method::spawn});
    std::vector<int> pids;
    for (const auto& each : own_->actors()) pids.push_back(each.pid);
    return pids;
  }
  int ask_inner() { return inner_.ask<&counter::next>().get() + executed_.ask<&counter::next>().get(); }
  bool inner_has_parent() { return inner_.ask<&counter::has_parent>().get(); }
  std::size_t seen_outside() { return troupe::this_actor::system().actors().size(); }
  void end() { own_.reset(); }

 private:
  std::unique_ptr<troupe::actor_system> own_;
  troupe::actor<counter> inner_, executed_;
};

}  // namespace

TEST_CASE("two systems of one host do not know each other, and end on their own") {
  auto one = std::make_unique<troupe::actor_system>();
  troupe::actor_system two;
  const auto first = one->spawn<counter>({.name = "first"});
  const auto second = two.spawn<counter>({.name = "second"});
  CHECK(one->actors().size() == 1);
  CHECK(two.actors().at(0).name == "second");
  CHECK(first.ask<&counter::next>().get() == 1);
  CHECK(second.ask<&counter::next>().get() == 1);
  one.reset();
  CHECK_THROWS_AS(first.ask<&counter::next>(), troupe::system_stopped);
  CHECK_THROWS_AS(first.join(), troupe::system_stopped);
  CHECK(second.ask<&counter::next>().get() == 2);
}

TEST_CASE("systems come and go in one host") {
  for (int round = 0; round < 10; ++round) {
    troupe::actor_system system;
    CHECK(system.spawn<counter>().ask<&counter::next>().get() == 1);
  }
}

TEST_CASE("an actor may make a system of its own, which ends with it") {
  const bool killed = GENERATE(false, true);
  troupe::actor_system system;
  const auto host = system.spawn<host_itself>();
  const auto pids = host.ask<&host_itself::begin>().get();
  REQUIRE(pids.size() == 2);
  CHECK(host.ask<&host_itself::ask_inner>().get() == 2);
  CHECK(host.ask<&host_itself::ask_inner>().get() == 4);
  CHECK_FALSE(host.ask<&host_itself::inner_has_parent>().get());
  CHECK(host.ask<&host_itself::seen_outside>().get() == 1);
  CHECK(system.actors().size() == 1);
  if (killed)
    host.kill();
  else
    host.stop();
  host.join();
  for (const int pid : pids) CHECK(support::wait_until_ended(pid));
}

TEST_CASE("a system inside an actor can be ended by it, and made again") {
  troupe::actor_system system;
  const auto host = system.spawn<host_itself>();
  for (int round = 0; round < 3; ++round) {
    const auto pids = host.ask<&host_itself::begin>().get();
    CHECK(host.ask<&host_itself::ask_inner>().get() == 2);
    host.ask<&host_itself::end>().get();
    for (const int pid : pids) CHECK(support::wait_until_ended(pid));
  }
}

TEST_CASE("a system inside an actor ends with the outer system's host or guardian") {
  auto system = std::make_unique<troupe::actor_system>();
  const auto host = system->spawn<host_itself>();
  const auto pids = host.ask<&host_itself::begin>().get();
  const auto inner = support::descendant_called("troupe-guardian", host.pid());
  REQUIRE(inner != 0);
  ::kill(support::parent_of(host.pid()), SIGKILL);
  for (const int pid : pids) CHECK(support::wait_until_ended(pid));
  CHECK(support::wait_until_ended(inner));
  ::waitpid(inner, nullptr, 0);  // left to us
  CHECK_THROWS_AS(host.join(), troupe::system_stopped);
}
