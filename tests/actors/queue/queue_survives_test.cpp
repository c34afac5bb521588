// Deaths of a queue's own process: nobody who puts and gets need know of them.
#include <troupe/queue.hpp>
#include <troupe/shared_array.hpp>
#include <troupe/troupe.hpp>

#include "actors/queue/items.hpp"
#include "support/processes.hpp"
#include "support/scaled.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <future>
#include <map>
#include <random>
#include <string>
#include <sys/types.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

using queue_items::lost_and_repeated;
using queue_items::numbers;

void put_range(troupe::queue<int> out, int from, int to) {
  for (int n = from; n < to; ++n) out.put(n);
}

void put_large(troupe::queue<std::string> out, int from, int to) {
  for (int n = from; n < to; ++n) out.put(std::to_string(n) + ' ' + std::string(1000, 'l'));
}

void collect_large(troupe::queue<std::string> in, troupe::queue<numbers> report) {
  numbers all;
  for (const auto& text : in) all.push_back(std::stoi(text));
  report.put(all);
}

void collect(troupe::queue<int> in, troupe::queue<numbers> report) {
  numbers all;
  for (const int n : in) all.push_back(n);
  report.put(all);
}

/// Gives the others their time, so that the work lasts.
void collect_slowly(troupe::queue<int> in, troupe::queue<numbers> report) {
  numbers all;
  for (const int n : in) {
    all.push_back(n);
    if (all.size() % 64 == 0) std::this_thread::sleep_for(1ms);
  }
  report.put(all);
}

/// Takes one item, says so, and dies or returns as it is told.
void hold_one(troupe::queue<int> in, troupe::queue<int> taken, troupe::queue<int> gate) {
  taken.put(in.get().value());
  if (gate.get() == 1) ::raise(SIGKILL);
}

/// Kills the process of that name as it is, and waits for its end. Nothing else of the program has to do with it.
void kill_process(const std::string& name) {
  pid_t pid = 0;
  REQUIRE(support::wait_until([&] { return (pid = support::descendant_called(name, ::getpid())) != 0; }));
  ::kill(pid, SIGKILL);
  REQUIRE(support::wait_until_ended(pid));
}

struct parcel {
  int number = 0;
  troupe::shared_array<int> content;
};

}  // namespace

TEST_CASE("a queue that is killed has what was put, in order, and is closed if it was") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.name = "killed"});
  for (int n = 0; n < 500; ++n) items.put(n);
  CHECK(items.get() == 0);
  kill_process("killed");
  CHECK(items.get() == 1);
  for (int n = 500; n < 600; ++n) items.put(n);
  items.close();
  kill_process("killed");
  kill_process("killed");
  for (int n = 2; n < 600; ++n) REQUIRE(items.get() == n);
  CHECK(items.get() == std::nullopt);
  CHECK_THROWS_AS(items.put(1), troupe::queue_closed);
  items.join();
}

TEST_CASE("large items and many of them survive too") {
  troupe::actor_system system;
  auto items = system.make_queue<std::string>({.capacity = 4000, .name = "large"});
  const std::string large(300'000, 'l');
  for (int n = 0; n < 20; ++n) items.put(large + std::to_string(n));
  kill_process("large");
  for (int n = 0; n < 20; ++n) REQUIRE((items.get() == large + std::to_string(n)));
  for (int round = 0; round < 20; ++round) {
    for (int n = 0; n < 2000; ++n) items.put(std::to_string(n));
    if (round % 5 == 0) kill_process("large");
    for (int n = 0; n < 2000; ++n) REQUIRE(items.get() == std::to_string(n));
  }
}

TEST_CASE("who waits for an item, for room, or for the end of all work goes on after the queue's death") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.capacity = 4, .name = "waited"});
  auto report = system.make_queue<numbers>();
  auto waits_here = std::async(std::launch::async, [&] { return items.get(); });
  kill_process("waited");
  items.put(7);
  CHECK(waits_here.get() == 7);
  items.done();

  const auto producer = system.spawn<put_range>(items, 0, 100);
  REQUIRE(support::wait_until([&] { return items.full(); }));
  std::thread joins{[&] { items.join(); }};
  kill_process("waited");
  CHECK_FALSE(items.try_put(1));
  system.spawn<collect>(items, report);
  CHECK(producer.join().ok());
  joins.join();
  items.close();
  CHECK(lost_and_repeated(report.get().value(), 0, 100) == "");
}

TEST_CASE("a patient reader's patience ends in time, with a death in it") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.name = "patient"});
  auto waits_here = std::async(std::launch::async, [&] { return items.get_for(500ms); });
  kill_process("patient");
  CHECK_THROWS_AS(waits_here.get(), troupe::timeout);
  items.put(1);
  CHECK(items.get_for(20s) == 1);
}

TEST_CASE("an item that a reader has in its hands is its own after the queue's death, until it dies itself") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.name = "leased"});
  auto taken = system.make_queue<int>();
  auto gate = system.make_queue<int>();
  for (int n = 0; n < 3; ++n) items.put(n);
  const auto polite = system.spawn<hold_one>(items, taken, gate);
  REQUIRE(taken.get() == 0);
  kill_process("leased");
  const auto dies = system.spawn<hold_one>(items, taken, gate);
  REQUIRE(taken.get() == 1);
  CHECK_FALSE(items.join_for(10ms));
  gate.put(0);
  gate.put(0);
  CHECK(polite.join().ok());
  CHECK(dies.join().ok());

  const auto last = system.spawn<hold_one>(items, taken, gate);
  REQUIRE(taken.get() == 2);
  kill_process("leased");
  CHECK(items.empty());
  gate.put(1);
  CHECK_FALSE(last.join().ok());
  CHECK(items.get() == 2);
  items.done();
  items.join();
}

TEST_CASE("a queue that ends with its writers does so after a death of its own") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.name = "ending", .ends_with_a_writer = true});
  auto gate = system.make_queue<int>();
  const auto writer = system.spawn<queue_items::put_one_and_wait>(items, gate);
  REQUIRE(items.get() == 1);
  kill_process("ending");
  CHECK(items.empty());  // it is back
  writer.kill();
  CHECK_THROWS_AS(items.get(), troupe::queue_broken);
  kill_process("ending");
  CHECK_THROWS_AS(items.get(), troupe::queue_broken);
}

TEST_CASE("a queue that dies at random under load loses nothing, and repeats nothing") {
  const auto seed = GENERATE(1U, 2U, 3U, 4U);
  INFO("seed " << seed);
  std::mt19937 random{seed};
  troupe::actor_system system;
  constexpr int producers = 3, each = support::scaled(60000);
  auto items = system.make_queue<int>({.capacity = seed % 2 == 0 ? 64U : 1024U, .name = "loaded"});
  auto report = system.make_queue<numbers>();
  for (int c = 0; c < 3; ++c) system.spawn<collect_slowly>(items, report);
  std::vector<troupe::process> writers;
  for (int p = 0; p < producers; ++p)
    writers.push_back(system.spawn<put_range>(items, p * each, (p + 1) * each));
  int kills = 0;
  while (std::any_of(writers.begin(), writers.end(), [](auto& one) { return one.is_alive(); }) &&
         kills < 60) {
    kill_process("loaded");
    ++kills;
    std::this_thread::sleep_for(std::chrono::microseconds{random() % 20000});  // where in its work it dies
  }
  for (auto& writer : writers) REQUIRE(writer.join().ok());
  kill_process("loaded");
  items.close();
  kill_process("loaded");
  numbers all;
  for (int c = 0; c < 3; ++c) {
    auto some = report.get().value();
    std::map<int, int> last;
    for (const int n : some) {
      const auto before = last.find(n / each);
      if (before != last.end() && before->second >= n)
        FAIL("out of order: " << n << " behind " << before->second);
      last[n / each] = n;
    }
    all.insert(all.end(), some.begin(), some.end());
  }
  CHECK(kills > 3);
  CHECK(lost_and_repeated(std::move(all), 0, producers * each) == "");
}

TEST_CASE("a reader that has not received what it was given is given it again") {
  using troupe::detail::queue_actor, troupe::detail::queue_visitor, troupe::detail::queue_wait;
  troupe::actor_system system;
  const auto items = troupe::detail::spawn_queue<int>(system, "direct", {.capacity = 10, .survives = true});
  const queue_visitor who{7};
  for (int n = 0; n < 3; ++n) items.tell<&queue_actor<int>::put>(who, n);
  const auto take = [&](std::uint64_t done, std::uint64_t received) {
    return items.ask<&queue_actor<int>::take>(who, 1U, done, received, queue_wait::until_closing).get().items;
  };
  CHECK(take(0, 0) == numbers{0});
  CHECK(take(0, 0) == numbers{0});  // its answer was lost
  CHECK(take(1, 1) == numbers{1});
  kill_process("direct");
  CHECK(take(0, 1) == numbers{1});
  CHECK(take(0, 2) == numbers{2});
}

TEST_CASE("batches of large items that die on their way are brought again") {
  const auto seed = GENERATE(1U, 2U, 3U);
  INFO("seed " << seed);
  std::mt19937 random{seed};
  troupe::actor_system system;
  constexpr int count = support::scaled(100'000);
  auto items = system.make_queue<std::string>({.name = "heavy"});
  auto report = system.make_queue<numbers>();
  for (int c = 0; c < 2; ++c) system.spawn<collect_large>(items, report);
  const auto writer = system.spawn<put_large>(items, 0, count);
  for (int kills = 0; kills < 40 && writer.is_alive(); ++kills) {
    kill_process("heavy");
    std::this_thread::sleep_for(std::chrono::microseconds{random() % 20000});
  }
  CHECK(writer.join().ok());
  items.join();
  items.close();
  auto all = report.get().value();
  const auto rest = report.get().value();
  all.insert(all.end(), rest.begin(), rest.end());
  CHECK(lost_and_repeated(std::move(all), 0, count) == "");
}

TEST_CASE(
    "a queue and its consumers die at random: nothing is lost, and what comes again was in somebody's "
    "hands") {
  std::mt19937 random{11};
  troupe::actor_system system{{.output = troupe::output::discard}};
  auto items = system.make_queue<int>({.name = "both"});
  auto seen = system.make_queue<int>({.capacity = 100'000});
  constexpr int count = 3000;
  const auto writer = system.spawn<put_range>(items, 0, count);
  const auto pass_on = [](troupe::queue<int> in, troupe::queue<int> out) {
    for (const int n : in) out.put(n);
  };
  std::vector<troupe::process> readers;
  for (int round = 0; round < 12; ++round) {
    readers.push_back(system.spawn(pass_on, items, seen));
    std::this_thread::sleep_for(std::chrono::microseconds{random() % 5000});
    if (round % 2 == 0) kill_process("both");
    if (round % 3 == 0) readers.back().kill();
  }
  REQUIRE(writer.join().ok());
  items.join();
  items.close();
  for (auto& reader : readers) reader.join();
  seen.close();
  std::map<int, int> times;
  for (const int n : seen) ++times[n];
  CHECK(times.size() == count);
}

TEST_CASE("a queue that is not to survive ends with its process") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.name = "mortal", .survives = false});
  items.put(1);
  CHECK(items.size() == 1);
  kill_process("mortal");
  CHECK_THROWS_AS(items.get(), troupe::actor_down);
  CHECK_THROWS_AS(items.put(1), troupe::actor_down);
}

TEST_CASE(
    "items with shared memory are lost with the queue's process, which says so, and without them it "
    "survives") {
  troupe::actor_system system;
  auto items = system.make_queue<parcel>({.name = "shares"});
  items.put({1, troupe::shared_array<int>{10}});
  CHECK(items.get().value().number == 1);
  items.done();
  items.put({2, {}});
  kill_process("shares");
  CHECK(items.get().value().number == 2);
  items.put({3, troupe::shared_array<int>{10}});
  CHECK(items.size() == 1);
  kill_process("shares");
  CHECK_THROWS_AS(items.get(), troupe::actor_down);
}

TEST_CASE("an item that consumers die with says at which attempt it is, and is given up after the last") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  auto items = system.make_queue<int>({.name = "poisoned", .max_attempts = 3});
  auto attempts = system.make_queue<std::string>();
  auto good = system.make_queue<int>();
  const auto work = [](troupe::queue<int> in, troupe::queue<std::string> said, troupe::queue<int> out) {
    for (const int n : in) {
      if (n == 13) {
        said.put("attempt " + std::to_string(in.attempt()));
        ::raise(SIGSEGV);
      }
      out.put(n);
    }
  };
  for (int n = 0; n < 50; ++n) items.put(n);
  for (int death = 1; death <= 3; ++death) {
    CHECK_FALSE(system.spawn(work, items, attempts, good).join().ok());
    CHECK(attempts.get() == "attempt " + std::to_string(death));
    if (death == 2) kill_process("poisoned");  // it is remembered
  }
  items.close();
  CHECK(system.spawn(work, items, attempts, good).join().ok());
  kill_process("poisoned");
  const auto dead = items.take_dead();
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].value == 13);
  REQUIRE(dead[0].causes.size() == 3);
  for (const auto& cause : dead[0].causes) CHECK(cause.code == SIGSEGV);
  CHECK(items.take_dead().empty());
  items.join();
  good.close();
  std::map<int, int> times;
  for (const int n : good) ++times[n];
  CHECK(times.size() == 49);
  CHECK_FALSE(times.contains(13));
}

TEST_CASE(
    "a consumer that returns, or gives back, costs its items no attempt, and one that fails costs one of "
    "them "
    "one") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  auto items = system.make_queue<int>({.max_attempts = 1});
  items.put(1);
  items.put(2);
  const auto fail = [](troupe::queue<int> in) {
    if (in.get() == 1) throw std::runtime_error{"with an item in its hands"};
  };
  CHECK_FALSE(system.spawn(fail, items).join().ok());
  REQUIRE(support::wait_until([&] { return items.size() == 1; }));
  const auto dead = items.take_dead();
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].value == 1);
  CHECK(items.get() == 2);
  CHECK(items.attempt() == 1);
}
