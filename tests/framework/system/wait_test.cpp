// Waiting for several answers: any, all, as they come.
#include <troupe/troupe.hpp>

#include "framework/system/gate.hpp"
#include "support/processes.hpp"

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <ctime>
#include <deque>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

class gate : public tests::gate {
 public:
  int same(int value) const { return value; }
  void fail() const { throw std::out_of_range{"no answer"}; }
  void die() { ::raise(SIGKILL); }
};

using answers = std::vector<troupe::future<int>>;
using gates = std::vector<troupe::actor<gate>>;

gates spawn_gates(troupe::actor_system& system, int count) {
  gates all;
  for (int i = 0; i < count; ++i) all.push_back(system.spawn<gate>());
  return all;
}

/// Waits inside an actor.
class collector {
 public:
  int sum_as_they_come(const std::vector<troupe::actor<gate>>& of, int each) {
    answers all;
    for (int i = 0; i < each; ++i) {
      for (const auto& one : of) all.push_back(one.ask<&gate::same>(i));
    }
    int sum = 0;
    for (auto& done : troupe::as_completed(all)) sum += done.get();
    return sum;
  }
  /// Which came first: -1 where one came too early.
  int first_of(const troupe::actor<gate>& closed, const troupe::actor<gate>& opened) {
    answers both;
    both.push_back(closed.ask<&gate::enter>(1));
    both.push_back(opened.ask<&gate::enter>(2));
    if (troupe::wait_any(both, 1ms)) return -1;
    opened.tell<&gate::open>(2);
    opened.ask<&gate::same>(0).get();  // shows what was told before it
    const auto first = troupe::wait_any(both);
    return first ? both[*first].get() : -1;
  }
  int deaths(const std::vector<troupe::actor<gate>>& of) {
    answers all;
    for (const auto& one : of) all.push_back(one.ask<&gate::enter>(1));
    for (const auto& one : of) one.kill();
    int deaths = 0;
    for (auto& done : troupe::as_completed(all)) {
      try {
        done.get();
      } catch (const troupe::actor_down&) {
        ++deaths;
      }
    }
    return deaths;
  }
};

void wait_in_a_function(troupe::actor<gate> one, troupe::actor<gate> other) {
  answers both;
  both.push_back(one.ask<&gate::enter>(1));
  both.push_back(other.ask<&gate::enter>(2));
  other.tell<&gate::open>(2);
  const auto first = troupe::wait_any(both);
  one.tell<&gate::open>(first == std::size_t{1} ? 1 : 99);
  if (!troupe::wait_all(both)) throw std::runtime_error{"not all came"};
}

void wait_for_ever(troupe::actor<gate> one, troupe::actor<gate> other) {
  answers both;
  both.push_back(one.ask<&gate::enter>(1));
  both.push_back(other.ask<&gate::enter>(2));
  one.tell<&gate::open>(99);  // which ends it: its sign that this function waits
  (void)both[0].wait_for(0s);
  both.erase(both.begin());
  (void)troupe::wait_any(both);
}

std::chrono::nanoseconds cpu_time() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
}

}  // namespace

TEST_CASE("waiting for any of several answers tells which came") {
  troupe::actor_system system;
  const auto actors = spawn_gates(system, 3);
  answers all;
  for (int i = 0; i < 3; ++i) all.push_back(actors[static_cast<std::size_t>(i)].ask<&gate::enter>(i));
  CHECK_FALSE(troupe::wait_any(all, 0s));
  CHECK_FALSE(troupe::wait_any(all, -1h));
  CHECK_FALSE(troupe::wait_any(all, 5ms));
  actors[1].tell<&gate::open>(1);
  REQUIRE(troupe::wait_any(all) == std::size_t{1});
  CHECK(troupe::wait_any(all) == std::size_t{1});  // it is ready still
  CHECK(all[1].get() == 1);
  actors[0].tell<&gate::open>(0);
  actors[2].tell<&gate::open>(2);
  std::set<int> rest;
  while (const auto next = troupe::wait_any(all)) rest.insert(all[*next].get());
  CHECK(rest == std::set{0, 2});
}

TEST_CASE("waiting for nothing ends at once") {
  answers none;
  CHECK_FALSE(troupe::wait_any(none));
  CHECK(troupe::wait_all(none));
  for (auto& done : troupe::as_completed(none)) FAIL("an answer out of nothing " << done.valid());
  none.emplace_back();
  CHECK_FALSE(troupe::wait_any(none));
  CHECK(troupe::wait_all(none));
}

TEST_CASE("answers come out in the order in which they come in") {
  troupe::actor_system system;
  const auto actors = spawn_gates(system, 4);
  std::deque<troupe::future<int>> all;
  for (int i = 0; i < 4; ++i) all.push_back(actors[static_cast<std::size_t>(i)].ask<&gate::enter>(i));
  const std::array order{2, 0, 3, 1};
  std::vector<int> seen;
  actors[2].tell<&gate::open>(2);
  for (auto& done : troupe::as_completed(all)) {
    seen.push_back(done.get());
    if (seen.size() == order.size()) continue;
    const int next = order.at(seen.size());
    actors[static_cast<std::size_t>(next)].tell<&gate::open>(next);
  }
  CHECK(std::equal(seen.begin(), seen.end(), order.begin(), order.end()));
}

TEST_CASE("five hundred answers of twenty-five actors are all waited for") {
  troupe::actor_system system;
  const auto actors = spawn_gates(system, 25);
  answers all;
  for (int i = 0; i < 500; ++i) all.push_back(actors[static_cast<std::size_t>(i % 25)].ask<&gate::same>(i));
  CHECK(troupe::wait_all(all));
  std::vector<bool> seen(500);
  for (auto& done : troupe::as_completed(all)) seen.at(static_cast<std::size_t>(done.get())) = true;
  CHECK(std::count(seen.begin(), seen.end(), true) == 500);
}

TEST_CASE("the patience of a loop ends it, and what has not come is valid still") {
  troupe::actor_system system;
  const auto actors = spawn_gates(system, 2);
  answers all;
  all.push_back(actors[0].ask<&gate::enter>(0));
  all.push_back(actors[1].ask<&gate::same>(1));
  int seen = 0;
  const auto loop = [&] {
    for (auto& done : troupe::as_completed(all, 100ms)) seen += done.get();
  };
  CHECK_THROWS_AS(loop(), troupe::timeout);
  CHECK(seen == 1);
  CHECK_FALSE(troupe::wait_all(all, 1ms));
  actors[0].tell<&gate::open>(0);
  CHECK(troupe::wait_all(all));
  CHECK(all[0].get() == 0);
}

TEST_CASE("a death and an exception are answers too") {
  troupe::actor_system system;
  const auto actors = spawn_gates(system, 3);
  std::vector<troupe::future<int>> all;
  for (const auto& one : actors) all.push_back(one.ask<&gate::enter>(1));
  actors[1].kill();
  REQUIRE(troupe::wait_any(all) == std::size_t{1});
  CHECK_THROWS_AS(all[1].get(), troupe::actor_down);
  std::vector<troupe::future<void>> failing;
  failing.push_back(actors[0].ask<&gate::fail>());
  for (auto& done : troupe::as_completed(failing)) CHECK_THROWS_AS(done.get(), std::out_of_range);
  actors[0].tell<&gate::die>();
  actors[2].tell<&gate::die>();
  CHECK(troupe::wait_all(all));
}

TEST_CASE("the end of the system ends a wait for its answers") {
  auto system = std::make_unique<troupe::actor_system>();
  const auto actors = spawn_gates(*system, 2);
  answers all;
  for (const auto& one : actors) all.push_back(one.ask<&gate::enter>(1));
  std::thread waiting{[&] {
    for (auto& done : troupe::as_completed(all)) CHECK_THROWS_AS(done.get(), troupe::error);
  }};
  system->stop(0ms);
  waiting.join();
}

TEST_CASE("answers of two systems are waited for together") {
  troupe::actor_system one, other;
  const auto first = one.spawn<gate>(), second = other.spawn<gate>();
  answers all;
  all.push_back(first.ask<&gate::enter>(1));
  all.push_back(second.ask<&gate::enter>(2));
  second.tell<&gate::open>(2);
  CHECK(troupe::wait_any(all) == std::size_t{1});
  CHECK(all[1].get() == 2);
  first.tell<&gate::open>(1);
  CHECK(troupe::wait_any(all) == std::size_t{0});
}

TEST_CASE("an actor waits for several answers") {
  troupe::actor_system system;
  const auto actors = spawn_gates(system, 12);
  const auto waits = system.spawn<collector>();
  CHECK(waits.ask<&collector::sum_as_they_come>(actors, 30).get() == 12 * 435);
  CHECK(waits.ask<&collector::first_of>(actors[0], actors[1]).get() == 2);
  CHECK(waits.ask<&collector::deaths>(actors).get() == 12);
}

TEST_CASE("a function waits for several answers, and a stop ends the wait") {
  troupe::actor_system system;
  const auto actors = spawn_gates(system, 2);
  CHECK(system.spawn<wait_in_a_function>(actors[0], actors[1]).join().ok());
  const auto waiting = system.spawn<wait_for_ever>(actors[0], actors[1]);
  CHECK_FALSE(actors[0].join().ok());
  waiting.stop();
  CHECK(waiting.join().ok());
}

TEST_CASE("a wait costs no processor time") {
  troupe::actor_system system;
  const auto actors = spawn_gates(system, 5);
  answers all;
  for (const auto& one : actors) all.push_back(one.ask<&gate::enter>(1));
  int read_by_another = 0;
  std::thread reads_one{[&] { read_by_another = all[0].get(); }};
  answers others;
  for (std::size_t i = 1; i < 5; ++i) others.push_back(std::move(all[i]));
  others.push_back(actors[0].ask<&gate::enter>(2));  // on the channel that the other thread reads
  const auto before = cpu_time();
  CHECK_FALSE(troupe::wait_any(others, 500ms));
  CHECK(cpu_time() - before < 250ms);
  actors[0].tell<&gate::open>(1);
  reads_one.join();
  CHECK(read_by_another == 1);
}

TEST_CASE("threads that wait for overlapping answers hand the channels over") {
  troupe::actor_system system;
  const auto actors = spawn_gates(system, 4);
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 60; ++round) {
        answers own;
        for (std::size_t i = 0; i < 4; ++i) own.push_back(actors[i].ask<&gate::same>(t * 1000 + round));
        if (t % 2 == 0) {
          for (auto& done : troupe::as_completed(own)) right += done.get() == t * 1000 + round ? 1 : 0;
        } else {
          for (auto& one : own) right += one.get() == t * 1000 + round ? 1 : 0;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(right == 4 * 4 * 60);
}

TEST_CASE("an answer that another thread reads wakes who waits for it among others") {
  troupe::actor_system system;
  const auto shared = system.spawn<gate>(), own = system.spawn<gate>();
  auto reader = shared.ask<&gate::enter>(1);
  answers both;
  both.push_back(shared.ask<&gate::enter>(2));
  both.push_back(own.ask<&gate::enter>(3));
  int read = 0;
  std::thread reads{[&] { read = reader.get(); }};  // holds the channel to `shared` all the time
  std::optional<std::size_t> first;
  std::thread waits{[&] { first = troupe::wait_any(both); }};
  shared.ask<&gate::same>(0).get();
  shared.tell<&gate::open>(2);
  waits.join();
  CHECK(first == std::size_t{0});
  CHECK(both[0].get() == 2);
  shared.tell<&gate::open>(1);
  reads.join();
  CHECK(read == 1);
}

TEST_CASE(
    "a wait ends with the first answer, the first error, or the last answer, and says which are there") {
  troupe::actor_system system;
  const auto one = system.spawn<gate>();
  const auto other = system.spawn<gate>();
  answers all;
  for (int ticket = 0; ticket < 3; ++ticket) all.push_back(one.ask<&gate::enter>(ticket));
  CHECK(troupe::wait(all, troupe::first_completed, 1ms).done.empty());
  one.tell<&gate::open>(1);
  const auto first = troupe::wait(all, troupe::first_completed);
  CHECK(first.done == std::vector<std::size_t>{1});
  CHECK(first.not_done == std::vector<std::size_t>{0, 2});

  one.tell<&gate::open>(0);
  (void)all[0].wait_for(20s);
  CHECK(troupe::wait(all, troupe::first_exception, 1ms).not_done == std::vector<std::size_t>{2});
  std::vector<troupe::future<void>> errors;
  errors.push_back(other.ask<&gate::fail>());
  CHECK(troupe::wait(errors, troupe::first_exception).done.size() == 1);
  CHECK(!troupe::wait(all, troupe::all_completed, -1s).not_done.empty());
  one.tell<&gate::open>(2);
  const auto last = troupe::wait(all);
  CHECK(last.done == std::vector<std::size_t>{0, 1, 2});
  CHECK(last.not_done.empty());

  (void)all[0].result();
  CHECK(troupe::wait(all).done == std::vector<std::size_t>{1, 2});
  CHECK_THROWS_AS(all[0].result(), std::logic_error);
  CHECK(all[1].done());
  CHECK(all[1].result(0ms) == 1);
}

TEST_CASE("a wait for the first error does not wait for those behind it") {
  troupe::actor_system system;
  const auto one = system.spawn<gate>();
  const auto mortal = system.spawn<gate>();
  answers all;
  all.push_back(one.ask<&gate::same>(1));
  all.push_back(mortal.ask<&gate::enter>(1));
  all.push_back(one.ask<&gate::enter>(2));
  CHECK(all[0].wait_for(20s));
  mortal.tell<&gate::die>();
  const auto found = troupe::wait(all, troupe::first_exception);
  CHECK(found.done == std::vector<std::size_t>{0, 1});
  CHECK(all[1].exception() != nullptr);
}

TEST_CASE("an answer is running from the handler's beginning to its end") {
  troupe::actor_system system;
  const auto one = system.spawn<gate>();
  auto answer = one.ask<&gate::enter>(1);
  (void)one.ask<&gate::same>(0).get();  // that one has begun by then
  CHECK(support::wait_until([&] { return answer.running(); }));
  CHECK(!answer.done());
  one.tell<&gate::open>(1);
  CHECK(answer.get(20s) == 1);
}
