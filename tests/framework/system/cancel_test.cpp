// Calls that are given up.
#include <troupe/troupe.hpp>

#include <catch2/catch.hpp>
#include <future>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

class gate {
 public:
  troupe::promise<int> enter() {
    waiting_.emplace_back();
    return waiting_.back();
  }
  void open() {
    for (const auto& each : waiting_) each.set_value(1);
    waiting_.clear();
  }
  int waiting() const { return static_cast<int>(waiting_.size()); }

 private:
  std::vector<troupe::promise<int>> waiting_;
};

class worker {
 public:
  explicit worker(troupe::actor<gate> at) : gate_{std::move(at)} {}

  int blocking() { return gate_.ask<&gate::enter>().get(); }
  int count() { return ++counted_; }
  int counted() const { return counted_; }
  int until_cancelled() {
    started_.tell<&gate::open>();
    while (!troupe::this_actor::cancel_requested()) std::this_thread::yield();
    return seen_ = 7;
  }
  int seen() const { return seen_; }

  troupe::task<int> waiting() {
    try {
      co_return co_await gate_.ask<&gate::enter>();
    } catch (const troupe::cancelled&) {
      ++caught_;
      throw;
    }
  }
  troupe::task<int> stubborn() {
    try {
      co_await troupe::this_actor::sleep(1h);
    } catch (const troupe::cancelled&) {
      ++caught_;
    }
    co_return co_await gate_.ask<&gate::enter>();  // thrown once only
  }
  troupe::task<int> blocks_and_waits() {
    gate_.ask<&gate::enter>().get();
    co_return co_await waiting();
  }
  int caught() const { return caught_; }

 private:
  troupe::actor<gate> gate_;
  troupe::actor<gate> started_ = gate_;
  int counted_ = 0;
  int caught_ = 0;
  int seen_ = 0;
};

/// Gives up from inside an actor.
class client {
 public:
  std::string give_up(const troupe::actor<worker>& whom) {
    auto answer = whom.ask<&worker::waiting>();
    answer.cancel();
    try {
      answer.get();
      return "value";
    } catch (const troupe::cancelled&) {
      return "cancelled";
    }
  }
};

struct stage {
  troupe::actor<gate> doors;
  troupe::actor<worker> works;
};
stage set_up(troupe::actor_system& system) {
  const auto doors = system.spawn<gate>();
  return {doors, system.spawn<worker>(doors)};
}
void wait_for_waiting(const troupe::actor<gate>& doors, int count) {
  while (doors.ask<&gate::waiting>().get() != count) std::this_thread::yield();
}

}  // namespace

TEST_CASE("whoever gives up is told so at once, and an answer that is there stays") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  auto late = works.ask<&worker::blocking>();
  late.cancel();
  late.cancel();
  CHECK(late.ready());
  CHECK_THROWS_AS(late.get(), troupe::cancelled);
  doors.tell<&gate::open>();
  doors.tell<&gate::open>();
  auto here = doors.ask<&gate::waiting>();
  REQUIRE(here.wait_for(30s));
  here.cancel();
  CHECK_NOTHROW(here.get());
  CHECK_THROWS_AS(here.cancel(), std::logic_error);
}

TEST_CASE("a call that is given up before its handler begins is never run") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  auto first = works.ask<&worker::blocking>();
  wait_for_waiting(doors, 1);
  std::vector<troupe::future<int>> behind;
  for (int i = 0; i < 100; ++i) behind.push_back(works.ask<&worker::count>());
  for (std::size_t i = 0; i < 100; i += 2) behind[i].cancel();
  first.cancel();  // control keeps its order: when the worker knows of this, it knows of all
  for (;;) {  // what was asked by another way round, of another actor, comes after it in the guardian's order
    if (system.spawn<gate>().ask<&gate::waiting>().get() == 0) break;
  }
  doors.tell<&gate::open>();
  int run = 0;
  for (std::size_t i = 1; i < 100; i += 2) run = behind[i].get();
  CHECK(run == 50);
  CHECK(works.ask<&worker::counted>().get() == 50);
  CHECK_THROWS_AS(behind[0].get(), troupe::cancelled);
  works.stop();
  CHECK(works.join().ok());
}

TEST_CASE("a coroutine that is given up has cancelled thrown out of its wait, once") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  std::vector<troupe::future<int>> answers;
  for (int i = 0; i < 3; ++i) answers.push_back(works.ask<&worker::waiting>());
  wait_for_waiting(doors, 3);
  answers[1].cancel();
  while (works.ask<&worker::caught>().get() != 1) std::this_thread::yield();
  doors.tell<&gate::open>();
  CHECK(answers[0].get() == 1);
  CHECK(answers[2].get() == 1);
  CHECK_THROWS_AS(answers[1].get(), troupe::cancelled);

  auto goes_on = works.ask<&worker::stubborn>();
  CHECK(works.ask<&worker::caught>().get() == 1);
  goes_on.cancel();
  wait_for_waiting(doors, 1);  // the sleep of an hour has ended, and the next wait goes on
  CHECK(works.ask<&worker::caught>().get() == 2);
  doors.tell<&gate::open>();
  works.stop();
  CHECK(works.join().ok());
}

TEST_CASE("a coroutine that is given up while it runs does not begin to wait") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  auto answer = works.ask<&worker::blocks_and_waits>();
  wait_for_waiting(doors, 1);
  answer.cancel();
  CHECK(system.spawn<gate>().ask<&gate::waiting>().get() == 0);  // behind it in the guardian's order
  doors.tell<&gate::open>();
  while (works.ask<&worker::caught>().get() != 1) std::this_thread::yield();
  works.stop();
  CHECK(works.join().ok());
}

TEST_CASE("an ordinary handler sees that it is given up") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  auto answer = works.ask<&worker::until_cancelled>();
  answer.cancel();
  CHECK_THROWS_AS(answer.get(), troupe::cancelled);
  const auto seen = works.ask<&worker::seen>().get();
  CHECK((seen == 7 || seen == 0));  // 0: it had not begun when it was given up
  auto begun = works.ask<&worker::until_cancelled>();
  CHECK_FALSE(begun.wait_for(50ms));
  begun.cancel();
  CHECK(works.ask<&worker::seen>().get() == 7);
}

TEST_CASE("giving up after the death, the stop and the end does nothing") {
  auto system = std::make_unique<troupe::actor_system>();
  const auto [doors, works] = set_up(*system);
  auto one = doors.ask<&gate::enter>();
  auto other = works.ask<&worker::waiting>();
  doors.kill();
  REQUIRE(one.wait_for(30s));
  one.cancel();
  CHECK_THROWS_AS(one.get(), troupe::actor_down);
  auto last = works.ask<&worker::counted>();
  system->stop();
  last.cancel();
  other.cancel();
  CHECK_THROWS_AS(other.get(), troupe::error);
}

TEST_CASE("a callback hears of it where an answer is given up, and so does a thread that waits for others") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  std::vector<troupe::future<int>> both;
  both.push_back(doors.ask<&gate::enter>());
  both.push_back(works.ask<&worker::waiting>());
  both[1].cancel();
  CHECK(troupe::wait_any(both) == std::size_t{1});
  doors.tell<&gate::open>();
}

TEST_CASE("actors give up too, over and over") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  const auto one = system.spawn<client>();
  for (int i = 0; i < 300; ++i) REQUIRE(one.ask<&client::give_up>(works).get() == "cancelled");
  for (int i = 0; i < 300; ++i) works.ask<&worker::count>().cancel();
  CHECK(works.ask<&worker::count>().get() >= 1);
  works.stop();
  CHECK(works.join().ok());
}
