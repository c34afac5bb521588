// Actors that are restarted together, and what follows when they die too often.
#include <troupe/troupe.hpp>

#include "support/early_deaths.hpp"
#include "support/processes.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

class member {
 public:
  int pid() const { return troupe::this_actor::pid(); }
  unsigned incarnation() const { return troupe::this_actor::incarnation(); }
  int add(int n) { return sum_ += n; }
  void crash() { ::raise(SIGSEGV); }
  void wait_for_long() { std::this_thread::sleep_for(60s); }

 private:
  int sum_ = 0;
};

constexpr troupe::restart_policy often{
    .when = troupe::restart::on_crash, .most = 1000, .within = 60s, .delay = 1ms, .longest_delay = 5ms};
constexpr troupe::restart_policy twice{
    .when = troupe::restart::on_crash, .most = 2, .within = 60s, .delay = 1ms};

/// Three members of one group of the host's.
struct trio {
  troupe::actor_system system{{.output = troupe::output::discard}};
  troupe::group group;
  std::array<troupe::actor<member>, 3> members;

  explicit trio(troupe::strategy how, troupe::restart_policy policy = often,
                std::chrono::milliseconds grace = 60s)
      : group{{.name = "trio", .strategy = how, .restart = policy, .grace = grace}} {
    for (std::size_t i = 0; i < 3; ++i)
      members[i] = system.spawn<member>({.name = "member-" + std::to_string(i), .group = group});
  }
  std::array<unsigned, 3> incarnations() const {
    std::array<unsigned, 3> all{};
    for (std::size_t i = 0; i < 3; ++i) all[i] = members[i].ask<&member::incarnation>().get();
    return all;
  }
  using three = std::array<unsigned, 3>;
};

/// Owns a group of its own.
class boss {
 public:
  explicit boss(troupe::strategy how)
      : group_{{.name = "staff", .strategy = how, .restart = twice}},
        first_{troupe::this_actor::system().spawn<member>({.name = "first", .group = group_})},
        second_{troupe::this_actor::system().spawn<member>({.name = "second", .group = group_})} {}
  troupe::actor<member> first() const { return first_; }
  troupe::actor<member> hire_hasty() {
    return troupe::this_actor::system().spawn<member>({.name = "its own", .grace = 1ms});
  }
  unsigned incarnation() const { return troupe::this_actor::incarnation(); }

 private:
  troupe::group group_;
  troupe::actor<member> first_, second_;
};

const bool dies_early = support::die_early();

/// Made before main, so that all forked actors have the same.
const troupe::group& everybodys() {
  static const troupe::group shared{{.name = "everybody's"}};
  return shared;
}
const bool is_made_early = &everybodys() != nullptr;

class joiner {
 public:
  std::string join() {
    try {
      mine_ = troupe::this_actor::system().spawn<member>({.group = everybodys()});
      return "joined";
    } catch (const troupe::start_failed& problem) {
      return problem.stage();
    }
  }

 private:
  troupe::actor<member> mine_;
};

void crash_until_down(const troupe::actor<member>& victim) {
  try {
    for (;;) {
      victim.tell<&member::crash>();
      victim.ask<&member::pid>().get();
    }
  } catch (const troupe::actor_down&) {
  }
}

}  // namespace

TEST_CASE("one for one: who dies is started again alone") {
  trio test{troupe::strategy::one_for_one};
  for (unsigned round = 1; round <= 5; ++round) {
    test.members[1].tell<&member::crash>();
    CHECK(test.incarnations() == trio::three{0, round, 0});
  }
}

TEST_CASE("one for all: all are started again, and what they had not begun waits for them") {
  trio test{troupe::strategy::one_for_all};
  for (unsigned round = 1; round <= 5; ++round) {
    auto busy = test.members[0].ask<&member::add>(1);
    CHECK(busy.get() == 1);  // from its constructor
    test.members[1].tell<&member::crash>();
    CHECK(support::wait_until([&] { return test.incarnations() == trio::three{round, round, round}; }));
  }
  CHECK(test.system.dead_letters().size() == 5);  // the crashes
}

TEST_CASE("rest for one: those that were spawned after it are started again") {
  trio test{troupe::strategy::rest_for_one};
  test.members[1].tell<&member::crash>();
  CHECK(support::wait_until([&] { return test.incarnations() == trio::three{0, 1, 1}; }));
  test.members[2].tell<&member::crash>();
  CHECK(support::wait_until([&] { return test.incarnations() == trio::three{0, 1, 2}; }));
  test.members[0].tell<&member::crash>();
  CHECK(support::wait_until([&] { return test.incarnations() == trio::three{1, 2, 3}; }));
}

TEST_CASE("who does not stop for the others' sake is killed after the group's grace") {
  trio test{troupe::strategy::one_for_all, often, 20ms};
  auto stuck = test.members[2].ask<&member::wait_for_long>();
  REQUIRE(support::wait_until([&] { return stuck.running(); }));
  auto behind = test.members[2].ask<&member::add>(3);
  test.members[0].kill();
  CHECK_THROWS_AS(stuck.get(), troupe::actor_down);
  CHECK(behind.get() == 3);
  CHECK(test.incarnations() == trio::three{1, 1, 1});
}

TEST_CASE("a member's own grace counts, in its group, under its owner, and at the system's end") {
  const auto stuck_in = [](troupe::actor<member>& one) {
    auto stuck = one.ask<&member::wait_for_long>();
    REQUIRE(support::wait_until([&] { return stuck.running(); }));
    return stuck;
  };
  trio test{troupe::strategy::one_for_all};
  const auto owner = test.system.spawn<boss>(troupe::strategy::one_for_one);
  auto hasty = test.system.spawn<member>({.name = "hasty", .grace = 1ms, .group = test.group});
  auto its_own = owner.ask<&boss::hire_hasty>().get();
  {
    auto in_group = stuck_in(hasty), under_owner = stuck_in(its_own);
    test.members[0].kill();
    owner.kill();
    CHECK_THROWS_AS(in_group.get(), troupe::actor_down);
    CHECK_THROWS_AS(under_owner.get(), troupe::actor_down);
  }
  CHECK(hasty.ask<&member::incarnation>().get() == 1);
  CHECK(its_own.join().code == SIGKILL);
  auto at_the_end = stuck_in(hasty);
  const auto report = test.system.stop(60s);
  REQUIRE(report.killed.size() == 2);
  CHECK(report.killed[0].name == "its own");
  CHECK(report.killed[1].name == "hasty");
}

TEST_CASE("members that are killed all the time come back together, and lose nothing that waited") {
  for (const auto how : {troupe::strategy::one_for_all, troupe::strategy::rest_for_one}) {
    trio test{how};
    for (int round = 0; round < 30; ++round) {
      const auto one = static_cast<std::size_t>(round % 3), other = static_cast<std::size_t>(round / 3 % 3);
      test.members[one].kill();
      test.members[other].kill();
      for (const auto& each : test.members) {
        // Killed while it answers is the one way not to answer.
        try {
          each.ask<&member::add>(1).get();
        } catch (const troupe::actor_down& down) {
          CHECK(down.fate() == troupe::call_fate::died_running);
        }
      }
    }
    CHECK(test.system.stop().killed.empty());
  }
}

TEST_CASE("who ends in good order leaves the group, and nobody is started again for that") {
  trio test{troupe::strategy::one_for_all};
  test.members[1].stop();
  CHECK(test.members[1].join().ok());
  test.members[0].tell<&member::crash>();
  CHECK(support::wait_until([&] { return test.members[2].ask<&member::incarnation>().get() == 1; }));
  CHECK(test.members[0].ask<&member::incarnation>().get() == 1);
  CHECK_FALSE(test.members[1].is_alive());
}

TEST_CASE("a group that dies too often ends, and the host is told the causes") {
  std::mutex mutex;
  std::optional<troupe::escalation> told;
  trio test{troupe::strategy::one_for_one, twice};
  test.system.on_escalation([&](const troupe::escalation& what) {
    const std::lock_guard lock{mutex};
    told = what;
  });
  test.members[0].tell<&member::crash>();
  CHECK(test.incarnations() == trio::three{1, 0, 0});
  test.members[1].tell<&member::crash>();
  CHECK(test.incarnations() == trio::three{1, 1, 0});
  CHECK(test.members[2].is_alive());
  test.members[0].kill();  // the group's third
  CHECK(test.members[0].join().code == SIGKILL);
  CHECK(test.members[1].join().ok());
  CHECK(test.members[2].join().ok());
  CHECK(support::wait_until([&] {
    const std::lock_guard lock{mutex};
    return told.has_value();
  }));
  const std::lock_guard lock{mutex};
  CHECK(told->group == "trio");
  CHECK(told->causes == std::vector<std::string>{"member-0: killed by SIGSEGV", "member-1: killed by SIGSEGV",
                                                 "member-0: killed by SIGKILL"});
}

TEST_CASE("an owner ends with its group, for the group's causes") {
  for (const auto how :
       {troupe::strategy::one_for_one, troupe::strategy::one_for_all, troupe::strategy::rest_for_one}) {
    troupe::actor_system system{{.output = troupe::output::discard}};
    const auto owner = system.spawn<boss>({.name = "boss"}, how);
    crash_until_down(owner.ask<&boss::first>().get());
    const auto status = owner.join();
    CHECK(status.kind == troupe::exit_kind::escalated);
    CHECK(status.exception_text ==
          "group staff died too often: first: killed by SIGSEGV; first: killed by SIGSEGV; first: killed by "
          "SIGSEGV");
    CHECK(support::wait_until([&] { return system.actors().empty(); }));
  }
}

TEST_CASE("what escalates goes up group by group, to the host") {
  std::mutex mutex;
  std::vector<std::string> causes;
  troupe::actor_system system{{.output = troupe::output::discard}};
  const troupe::group bosses{{.name = "bosses", .restart = twice}};
  system.on_escalation([&](const troupe::escalation& what) {
    const std::lock_guard lock{mutex};
    causes = what.causes;
  });
  const auto owner = system.spawn<boss>({.name = "boss", .group = bosses}, troupe::strategy::one_for_all);
  for (unsigned round = 0; round < 3; ++round) {
    CHECK(owner.ask<&boss::incarnation>().get() == round);
    crash_until_down(owner.ask<&boss::first>().get());
  }
  CHECK(owner.join().kind == troupe::exit_kind::escalated);
  CHECK(support::wait_until([&] {
    const std::lock_guard lock{mutex};
    return causes.size() == 3;
  }));
  const std::lock_guard lock{mutex};
  for (const auto& cause : causes)
    CHECK(cause.starts_with("boss: ended with what it owned: group staff died too often: first: killed"));
}

TEST_CASE("a member that somebody stops while it ends for the others' sake does not come back") {
  trio test{troupe::strategy::one_for_all};
  auto busy = test.members[1].ask<&member::wait_for_long>();
  REQUIRE(support::wait_until([&] { return busy.running(); }));
  test.members[0].kill();
  CHECK(support::wait_until([&] { return test.system.tree().owns.front().actor.pid == 0; }));
  test.members[1].stop();
  test.members[1].kill();  // the others wait for it
  CHECK(test.members[1].join().code == SIGKILL);
  CHECK(test.members[0].ask<&member::incarnation>().get() == 1);
  CHECK(test.members[2].ask<&member::incarnation>().get() == 1);
}

TEST_CASE("members whose processes die before they have entered end their group") {
  const support::early_deaths deaths;
  std::mutex mutex;
  std::vector<std::string> causes;
  troupe::actor_system system{{.output = troupe::output::discard}};
  system.on_escalation([&](const troupe::escalation& what) {
    const std::lock_guard lock{mutex};
    causes = what.causes;
  });
  const troupe::group shared{{.restart = twice}};
  const auto actor =
      system.spawn<member>({.name = "early", .start = troupe::start_method::spawn, .group = shared});
  const auto other = system.spawn<member>({.group = shared});
  deaths.come(2);
  actor.kill();
  CHECK(actor.join().code == SIGKILL);
  CHECK(other.join().ok());
  CHECK(support::wait_until([&] {
    const std::lock_guard lock{mutex};
    return causes == std::vector<std::string>(3, "early: killed by SIGKILL");
  }));
  CHECK(system.spawn<member>().ask<&member::add>(1).get() == 1);  // the guardian has got over it
}

TEST_CASE("a system ends while a group is between its processes") {
  for (int round = 0; round < 10; ++round) {
    trio test{
        troupe::strategy::one_for_all,
        {.when = troupe::restart::on_crash, .most = 5, .within = 60s, .delay = 10s, .longest_delay = 10s}};
    auto stuck = test.members[2].ask<&member::wait_for_long>();
    if (round % 2 == 0) REQUIRE(support::wait_until([&] { return stuck.running(); }));
    test.members[0].kill();
    if (round % 3 == 0) test.members[1].kill();
    test.system.stop(100ms);
  }
}

TEST_CASE("the tree shows who owns whom, in which group, and how often each was started again") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const troupe::group bosses{{.name = "bosses", .restart = often}};
  const auto one = system.spawn<boss>({.name = "one", .group = bosses}, troupe::strategy::one_for_one);
  const auto other = system.spawn<member>({.name = "other"});
  const auto first = one.ask<&boss::first>().get();
  first.tell<&member::crash>();
  CHECK(first.ask<&member::incarnation>().get() == 1);
  const auto tree = system.tree();
  CHECK(tree.actor.pid == ::getpid());
  REQUIRE(tree.owns.size() == 2);
  CHECK(tree.owns[1].actor.name == "other");
  CHECK(tree.owns[1].owns.empty());
  REQUIRE(tree.owns[0].owns.size() == 2);
  CHECK(tree.owns[0].owns[1].actor.name == "second");
  const auto text = [](const auto& of) { return " (" + std::to_string(of.pid()) + ")"; };
  const auto second = " (" + std::to_string(tree.owns[0].owns[1].actor.pid) + ")";
  CHECK(to_string(tree) == "host (" + std::to_string(::getpid()) + ")\n" +                           //
                               "|- one" + text(one) + ", of bosses\n" +                              //
                               "|  |- first" + text(first) + ", of staff, started again 1 time\n" +  //
                               "|  `- second" + second + ", of staff\n" +                            //
                               "`- other" + text(other) + "\n");
}

TEST_CASE("a group is its owner's, and its policy is the one that counts") {
  trio test{troupe::strategy::one_for_one};
  const auto first = test.system.spawn<joiner>(), second = test.system.spawn<joiner>();
  CHECK(first.ask<&joiner::join>().get() == "joined");
  CHECK(second.ask<&joiner::join>().get() == "group");
  CHECK(first.ask<&joiner::join>().get() == "joined");
  CHECK_THROWS_AS(test.system.spawn<member>({.restart = often, .group = test.group}), std::invalid_argument);
}
