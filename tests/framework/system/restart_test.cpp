// Actors that are started again: what is kept, what is told, and when it ends.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// Outlives those that it is told things by.
class witness {
 public:
  void saw(int n, int by) { seen_.push_back({n, by}); }
  struct sight {
    int n;
    int by;
  };
  std::vector<sight> seen() const { return seen_; }
  int count() const { return static_cast<int>(seen_.size()); }

 private:
  std::vector<sight> seen_;
};

class fragile {
 public:
  explicit fragile(troupe::actor<witness> to) : to_{std::move(to)} {}

  int pid() const { return troupe::this_actor::pid(); }
  int incarnation() const { return static_cast<int>(troupe::this_actor::incarnation()); }
  int add(int n) { return sum_ += n; }
  void note(int n) { to_.tell<&witness::saw>(n, troupe::this_actor::pid()); }
  int note_and_answer(int n) {
    note(n);
    return n;
  }
  /// What it has told by then must not be seen: the turn is not over.
  int note_and_die(int n) {
    note(n);
    ::raise(SIGKILL);
    return n;
  }
  void fail() { throw std::runtime_error{"no more"}; }
  std::string die_at_first() {
    if (troupe::this_actor::attempt() < 3) ::raise(SIGSEGV);
    return "attempt " + std::to_string(troupe::this_actor::attempt());
  }
  std::size_t length(const std::vector<double>& large) const { return large.size(); }
  void wait_for_long() { std::this_thread::sleep_for(60s); }

 private:
  troupe::actor<witness> to_;
  int sum_ = 0;
};

const troupe::restart_policy on_crash{
    .when = troupe::restart::on_crash, .most = 1000, .within = 60s, .delay = 1ms, .longest_delay = 5ms};

struct pair_of_actors {
  troupe::actor_system system{{.output = troupe::output::discard}};
  troupe::actor<witness> to = system.spawn<witness>();
  troupe::actor<fragile> from;
  explicit pair_of_actors(std::uint32_t max_attempts = 1, troupe::restart_policy policy = on_crash)
      : from{system.spawn<fragile>({.name = "fragile", .restart = policy, .max_attempts = max_attempts},
                                   to)} {}

  void kill_and_see_it_back() {
    const int before = from.ask<&fragile::pid>().get();
    from.kill();
    REQUIRE(support::wait_until([&] {
      try {
        return from.ask<&fragile::pid>().get() != before;
      } catch (const troupe::actor_down&) {
        return false;  // it was killed in the middle of that
      }
    }));
  }
};

}  // namespace

TEST_CASE("a killed actor is there again, by the same handle, from its constructor") {
  pair_of_actors test;
  CHECK(test.from.ask<&fragile::add>(5).get() == 5);
  CHECK(test.from.ask<&fragile::incarnation>().get() == 0);
  for (int times = 1; times <= 20; ++times) {
    test.kill_and_see_it_back();
    CHECK(test.from.ask<&fragile::incarnation>().get() == times);
    CHECK(test.from.ask<&fragile::add>(7).get() == 7);
  }
  CHECK(test.from.is_alive());
  test.from.stop();
  CHECK(test.from.join().ok());
}

TEST_CASE("what an actor has not begun is handled by the next process, once and in order") {
  pair_of_actors test;
  for (int round = 0; round < 20; ++round) {
    for (int n = 0; n < 100; ++n) {
      test.from.tell<&fragile::note>(round * 100 + n);
      if (n == 37) test.from.kill();
    }
  }
  CHECK(test.from.ask<&fragile::add>(1).get() == 1);
  const auto seen = [&] { return test.to.ask<&witness::seen>().get(); };
  // Each kill may take one message with it: the one that was being handled.
  CHECK(support::wait_until([&] { return seen().size() >= 2000 - 20; }));
  std::vector<int> numbers;
  for (const auto& each : seen()) numbers.push_back(each.n);
  CHECK(std::is_sorted(numbers.begin(), numbers.end()));
  CHECK(std::set<int>(numbers.begin(), numbers.end()).size() == numbers.size());
}

TEST_CASE("what was being handled is told as such, and what waited behind it is answered") {
  pair_of_actors test;
  for (int round = 0; round < 50; ++round) {
    auto before = test.from.ask<&fragile::note_and_answer>(round);
    auto dies = test.from.ask<&fragile::note_and_die>(-1);
    auto after = test.from.ask<&fragile::note_and_answer>(round + 1000);
    CHECK(before.get() == round);
    try {
      dies.get();
      FAIL("a killed handler has answered");
    } catch (const troupe::actor_down& down) {
      CHECK(down.fate() == troupe::call_fate::died_running);
      CHECK(down.status().code == SIGKILL);
    }
    CHECK(after.get() == round + 1000);
  }
  // Nothing of a turn that did not come to its end.
  CHECK(support::wait_until([&] { return test.to.ask<&witness::count>().get() == 100; }));
  for (const auto& each : test.to.ask<&witness::seen>().get()) CHECK(each.n != -1);
}

TEST_CASE("a message is tried again as often as it may be") {
  pair_of_actors three{3};
  CHECK(three.from.ask<&fragile::die_at_first>().get() == "attempt 3");
  CHECK(three.from.ask<&fragile::incarnation>().get() == 2);
  pair_of_actors two{2};
  CHECK_THROWS_AS(two.from.ask<&fragile::die_at_first>().get(), troupe::actor_down);
  CHECK(two.from.ask<&fragile::incarnation>().get() == 2);
}

TEST_CASE("an actor that dies too often stays dead, and all who wait are told") {
  pair_of_actors test{1, {.when = troupe::restart::on_crash, .most = 2, .within = 60s, .delay = 1ms}};
  for (int times = 0; times < 2; ++times) test.kill_and_see_it_back();
  auto ended = test.from.ended();
  auto stuck = test.from.ask<&fragile::note_and_die>(1);
  auto behind = test.from.ask<&fragile::add>(1);
  CHECK_THROWS_AS(stuck.get(), troupe::actor_down);
  try {
    behind.get();
    FAIL("an actor that is gone has answered");
  } catch (const troupe::actor_down& down) {
    CHECK(down.fate() == troupe::call_fate::not_started);
  }
  CHECK(ended.get().code == SIGKILL);
  CHECK(test.from.join().code == SIGKILL);
}

TEST_CASE("an actor that ends in good order, or is asked to, is not started again") {
  pair_of_actors test;
  test.from.stop();
  CHECK(test.from.join().ok());
  pair_of_actors always{1, {.when = troupe::restart::always, .most = 100, .within = 60s, .delay = 1ms}};
  always.from.stop();
  CHECK(always.from.join().ok());
}

TEST_CASE("an exception, too, is a crash") {
  pair_of_actors test;
  test.from.tell<&fragile::fail>();
  CHECK(test.from.ask<&fragile::incarnation>().get() == 1);
}

TEST_CASE("large messages wait for the next process") {
  pair_of_actors test;
  const std::vector<double> large(1 << 14, 1.0);  // travels beside the journal, and two fit the mailbox
  for (int round = 0; round < 5; ++round) {
    auto stuck = test.from.ask<&fragile::wait_for_long>();
    REQUIRE(support::wait_until([&] { return stuck.running(); }));
    auto length = test.from.ask<&fragile::length>(large);
    test.from.kill();
    CHECK_THROWS_AS(stuck.get(), troupe::actor_down);
    CHECK(length.get() == large.size());
  }
}

TEST_CASE("a mailbox that is full makes room in the next process") {
  pair_of_actors test;
  auto stuck = test.from.ask<&fragile::wait_for_long>();
  std::thread writer{[&] {
    for (int n = 0; n < 40'000; ++n) test.from.tell<&fragile::note>(n);  // more than the mailbox takes
  }};
  REQUIRE(support::wait_until([&] { return stuck.running(); }));
  test.from.kill();
  writer.join();
  CHECK_THROWS_AS(stuck.get(), troupe::actor_down);
  CHECK(test.from.ask<&fragile::add>(1).get() == 1);
  CHECK(support::wait_until([&] { return test.to.ask<&witness::count>().get() == 40'000; }));
}

TEST_CASE("a system ends while actors are between two processes") {
  for (int round = 0; round < 10; ++round) {
    pair_of_actors test{
        1, {.when = troupe::restart::on_crash, .most = 5, .within = 60s, .delay = 10s, .longest_delay = 10s}};
    auto never = test.from.ask<&fragile::wait_for_long>();
    if (round % 2 == 0) REQUIRE(support::wait_until([&] { return never.running(); }));
    test.from.kill();
    if (round % 2 == 0) CHECK_THROWS_AS(never.get(), troupe::actor_down);
  }
}
