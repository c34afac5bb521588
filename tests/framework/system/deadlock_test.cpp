// Actors that wait for each other in a circle: the one that closes it is told, and everything goes on.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using Catch::Contains;

namespace {

void fill_then_end(troupe::actor<class knot> into, int count);

/// Does what makes circles.
class knot {
 public:
  int echo(int value) { return value; }
  void next(troupe::actor<knot> other) { other_ = other; }
  /// Through `depth` more actors, each waiting for the next one.
  int pass_on(int depth) { return depth == 0 ? echo(1) : 1 + other_.ask<&knot::pass_on>(depth - 1).get(); }
  int ask_other() { return other_.ask<&knot::echo>(5).get(); }
  int ask_any(std::vector<troupe::actor<knot>> others) {
    std::vector<troupe::future<int>> answers;
    for (const auto& each : others) answers.push_back(each.ask<&knot::echo>(1));
    static_cast<void>(troupe::wait_any(answers));
    return 1;
  }
  std::string ask_other_for(std::chrono::milliseconds patience) {
    auto late = other_.ask<&knot::echo>(5);
    try {
      late.get(patience);
      return "answered";
    } catch (const troupe::timeout&) {
      return "late";
    }
  }
  int compute_for(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
    }
    return 1;
  }
  int wait_for_computing(std::chrono::milliseconds time) {
    return other_.ask<&knot::compute_for>(time).get();
  }
  int pass_on_computing(int depth, std::chrono::milliseconds time) {
    return depth == 0 ? compute_for(time) : other_.ask<&knot::pass_on_computing>(depth - 1, time).get();
  }
  void hear(int) {}
  int tell_often(const troupe::actor<knot>& whom, int times) {
    for (int i = 0; i < times; ++i) whom.tell<&knot::hear>(i);
    return times;
  }
  std::string text(std::size_t size) { return std::string(size, 'x'); }
  /// Of `times` questions to one that has told this actor something, how many were answered.
  int ask_often(int told, int times, std::size_t size) {
    other_.ask<&knot::tell_often>(troupe::this_actor::self<knot>(), told).get();
    for (int asked = 0; asked < times; ++asked) {
      try {
        if (other_.ask<&knot::text>(size).get().size() != size) return -1;
      } catch (const troupe::would_deadlock&) {
        return asked;
      }
    }
    return times;
  }
  /// Which of the two was told depends on who blocked last.
  std::string join_one_that_fills(int count) {
    const auto myself = troupe::this_actor::self<knot>();
    const auto filler = troupe::this_actor::system().spawn<fill_then_end>(myself, count);
    try {
      return filler.join().exception_type;
    } catch (const troupe::would_deadlock&) {
      return "troupe::would_deadlock";
    }
  }
  void flood(int count) {
    for (int i = 0; i < count; ++i) other_.tell<&knot::take>(i);
  }
  void take(int) {}

 private:
  troupe::actor<knot> other_;
};

void fill_then_end(troupe::actor<knot> into, int count) {
  for (int i = 0; i < count; ++i) into.tell<&knot::take>(i);
}

std::vector<troupe::actor<knot>> ring(troupe::actor_system& system, int size) {
  std::vector<troupe::actor<knot>> all;
  for (int i = 0; i < size; ++i) all.push_back(system.spawn<knot>({.name = "knot-" + std::to_string(i)}));
  for (int i = 0; i < size; ++i) all[i].tell<&knot::next>(all[(i + 1) % size]);
  return all;
}

void check_all_live(const std::vector<troupe::actor<knot>>& all) {
  for (const auto& each : all) CHECK(each.ask<&knot::echo>(7).get() == 7);
}

}  // namespace

TEST_CASE("an actor that asks itself and waits is told") {
  troupe::actor_system system;
  const auto alone = ring(system, 1);
  CHECK_THROWS_WITH(alone[0].ask<&knot::ask_other>().get(), Contains("knot-0 waits for knot-0"));
  check_all_live(alone);
}

TEST_CASE("a circle of asks is told to the one that closes it, and the answer is an error for all of them") {
  troupe::actor_system system;
  const int size = GENERATE(2, 3, 7);
  const auto all = ring(system, size);
  CHECK(all[0].ask<&knot::pass_on>(size - 1).get() == size);
  auto answer = all[0].ask<&knot::pass_on>(size);
  CHECK_THROWS_AS(answer.get(), troupe::would_deadlock);
  check_all_live(all);
}

TEST_CASE("of two that block on each other at once one is told, and the other gets its answer") {
  troupe::actor_system system;
  const auto all = ring(system, 2);
  int told = 0;
  for (int round = 0; round < 50; ++round) {
    std::vector<troupe::future<int>> answers;
    for (const auto& each : all) answers.push_back(each.ask<&knot::ask_other>());
    int errors = 0;
    for (auto& answer : answers) {
      try {
        const int value = answer.get();
        CHECK(value == 5);
      } catch (const troupe::would_deadlock&) {
        ++errors;
      }
    }
    CHECK(errors <= 1);
    told += errors;
  }
  WARN(told << " of 50 rounds closed a circle");
  check_all_live(all);
}

TEST_CASE("a wait for any of several is in a circle only where all of them are") {
  troupe::actor_system system;
  auto all = ring(system, 3);
  const std::vector others{all[1], all[2]};
  for (const auto& each : others) each.tell<&knot::next>(all[0]);
  std::vector<troupe::future<int>> answers;
  answers.push_back(all[1].ask<&knot::ask_other>());
  answers.push_back(all[0].ask<&knot::ask_any>(others));
  CHECK(answers[0].get() + answers[1].get() == 6);  // 2 is free, and frees the others
  answers[0] = all[1].ask<&knot::ask_other>();
  answers[1] = all[0].ask<&knot::ask_any>(others);
  answers.push_back(all[2].ask<&knot::ask_other>());
  for (auto& answer : answers) {
    try {
      static_cast<void>(answer.get());
    } catch (const troupe::would_deadlock&) {
      SUCCEED("the circle was closed");
    }
  }
  check_all_live(all);
}

TEST_CASE("a full mailbox and a join can close a circle: one of them is told, the other goes on") {
  troupe::actor_system system;
  const auto all = ring(system, 1);
  CHECK(all[0].ask<&knot::join_one_that_fills>(100'000).get() == "troupe::would_deadlock");
  check_all_live(all);
}

TEST_CASE("two that fill each other's mailboxes: the one that closes the circle ends, with its turn undone") {
  troupe::actor_system system;
  std::vector<troupe::actor<knot>> all;
  for (const std::string name : {"left", "right"})
    all.push_back(system.spawn<knot>({.name = name, .mailbox_messages = 16}));
  all[0].tell<&knot::next>(all[1]);
  all[1].tell<&knot::next>(all[0]);
  for (const auto& each : all) each.tell<&knot::flood>(100'000);
  const auto ended_so = [](const troupe::actor<knot>& which) {
    const auto end = which.exit_status();
    return end && end->exception_type == "troupe::would_deadlock";
  };
  REQUIRE(support::wait_until([&] { return ended_so(all[0]) || ended_so(all[1]); }));
  const auto& other = ended_so(all[0]) ? all[1] : all[0];
  CHECK_FALSE(ended_so(other));
}

TEST_CASE("answers have room in a mailbox that is full of what its actor has been told") {
  troupe::actor_system system;
  const auto asks = system.spawn<knot>({.mailbox_messages = 4});
  asks.tell<&knot::next>(system.spawn<knot>({.mailbox_messages = 4}));
  CHECK(asks.ask<&knot::ask_often>(GENERATE(0, 1, 3, 4), 1000, 1U).get() == 1000);
}

TEST_CASE("an answer that only who waits for it could make room for is told as a circle") {
  troupe::actor_system system;
  const auto asks = system.spawn<knot>();
  asks.tell<&knot::next>(system.spawn<knot>());
  constexpr int times = 60;
  constexpr std::size_t size = 40 << 10;  // together more than a mailbox holds
  const auto answered = asks.ask<&knot::ask_often>(1, times, size).get();
  CHECK(answered > 0);
  CHECK(answered < times);
  CHECK(asks.ask<&knot::echo>(1).get() == 1);
  CHECK(asks.ask<&knot::ask_often>(0, times, size).get() == times);
}

TEST_CASE("whoever waits long for one that works is not told anything") {
  troupe::actor_system system;
  const auto all = ring(system, 3);
  CHECK(all[0].ask<&knot::wait_for_computing>(300ms).get() == 1);
  CHECK(all[0].ask<&knot::pass_on_computing>(2, 300ms).get() == 1);
}

TEST_CASE("a wait with a patience is part of no circle: it ends late") {
  troupe::actor_system system;
  const auto all = ring(system, 1);
  CHECK(all[0].ask<&knot::ask_other_for>(200ms).get() == "late");
  check_all_live(all);
}
