// What becomes of items after they were handed out, and the bounds in bytes.
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "actors/queue/items.hpp"

#include <catch2/catch.hpp>
#include <signal.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

using strings = troupe::queue<std::string>;
using numbers = troupe::queue<int>;

/// Takes one item, says so, and goes on when it is told to.
void take_one(numbers in, numbers taken, numbers gate) {
  taken.put(in.get().value());
  (void)gate.get();
}

void take_all(numbers in) {
  for ([[maybe_unused]] const int item : in) {
  }
}

/// Says that it is done with the item, and never comes back for another.
void take_one_and_say_so(numbers in, numbers gate) {
  (void)in.get();
  in.done();
  (void)gate.get();
}

void fail_with_one(numbers in) {
  (void)in.get();
  throw std::runtime_error{"with an item in its hands"};
}

void put_some(numbers out, int count) {
  for (int i = 0; i < count; ++i) out.put(i);
}

/// Takes all, and says how its stream ended.
void watch_the_end(numbers in, strings ends) {
  try {
    for ([[maybe_unused]] const int item : in) {
    }
    ends.put("closed");
  } catch (const troupe::actor_down& down) {
    ends.put("died: " + std::to_string(down.status().code));
  }
}

}  // namespace

TEST_CASE("join waits for the item that a consumer is at, and for no longer") {
  troupe::actor_system system;
  auto items = system.make_queue<int>();
  auto taken = system.make_queue<int>();
  auto gate = system.make_queue<int>();
  items.put(1);
  const auto consumer = system.spawn<take_one>(items, taken, gate);
  REQUIRE(taken.get() == 1);
  CHECK(items.empty());
  CHECK_FALSE(items.join_for(50ms));
  gate.put(0);
  items.join();
  CHECK(consumer.join().ok());
  CHECK(items.join_for(10s));
}

TEST_CASE("join of a queue that nothing was put into returns") {
  troupe::actor_system system;
  auto items = system.make_queue<int>();
  items.join();
  CHECK(items.empty());
}

TEST_CASE("join sees every put that returned before, in any process") {
  troupe::actor_system system;
  for (int round = 0; round < 50; ++round) {
    auto items = system.make_queue<int>({.capacity = 8});
    const auto consumer = system.spawn<take_all>(items);
    const auto producer = system.spawn<put_some>(items, 20);
    REQUIRE(producer.join().ok());
    items.join();
    CHECK(items.empty());
    items.close();
    REQUIRE(consumer.join().ok());
    CHECK(items.get() == std::nullopt);
  }
}

TEST_CASE("a consumer that asks for the next item is done with those before") {
  troupe::actor_system system;
  auto items = system.make_queue<int>();
  const auto consumer = system.spawn<take_all>(items);
  for (int i = 0; i < 1000; ++i) items.put(i);
  items.join();  // the consumer waits for an item that does not come
  CHECK(consumer.is_alive());
}

TEST_CASE("done says it where no next item is asked for") {
  troupe::actor_system system;
  auto items = system.make_queue<int>();
  auto gate = system.make_queue<int>();
  items.put(1);
  const auto consumer = system.spawn<take_one_and_say_so>(items, gate);
  items.join();
  CHECK(consumer.is_alive());
  gate.close();
}

TEST_CASE("an item of a consumer that failed is not done, and comes to another") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  auto items = system.make_queue<int>();
  items.put(7);
  CHECK_FALSE(system.spawn<fail_with_one>(items).join().ok());
  CHECK_FALSE(items.join_for(0ms));
  CHECK(items.get() == 7);
  items.done();
  items.join();
}

TEST_CASE("threads that share a handle may all wait for the queue to be done") {
  troupe::actor_system system;
  auto items = system.make_queue<int>();
  for (int i = 0; i < 100; ++i) items.put(i);
  std::vector<std::thread> waiting;
  for (int i = 0; i < 4; ++i) waiting.emplace_back([&] { items.join(); });
  system.spawn<take_all>(items);
  for (auto& one : waiting) one.join();
  CHECK(items.empty());
}

TEST_CASE("close_now drops what waits, says how much, and ends writers and readers") {
  troupe::actor_system system;
  auto items = system.make_queue<int>();
  for (int i = 0; i < 10; ++i) items.put(i);
  CHECK(items.size() == 10);
  CHECK(items.close_now() == 10);
  CHECK(items.empty());
  CHECK(items.get() == std::nullopt);
  CHECK_THROWS_AS(items.put(1), troupe::queue_closed);
  CHECK(items.close_now() == 0);
  items.join();
}

TEST_CASE("close_now drops what a consumer gives back") {
  troupe::actor_system system;
  auto items = system.make_queue<int>();
  auto taken = system.make_queue<int>();
  auto gate = system.make_queue<int>();
  items.put(1);
  const auto consumer = system.spawn<take_one>(items, taken, gate);
  REQUIRE(taken.get() == 1);
  items.put(2);
  CHECK(items.close_now() == 1);
  consumer.kill();
  consumer.join();
  CHECK(items.get() == std::nullopt);
}

TEST_CASE("a queue says that it is full, and that it is empty") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.capacity = 2});
  CHECK(items.empty());
  CHECK_FALSE(items.full());
  items.put(1);
  CHECK_FALSE(items.empty());
  items.put(2);
  CHECK(items.full());
  CHECK_FALSE(items.try_put(3));
  CHECK(items.get() == 1);
  CHECK_FALSE(items.full());
}

TEST_CASE("a queue is bounded in bytes too, and one item larger than that passes") {
  troupe::actor_system system;
  auto items = system.make_queue<std::string>({.capacity = 1000, .capacity_bytes = 10'000});
  const std::string small(1000, 's'), large(50'000, 'l');
  int put = 0;
  while (put < 100 && items.try_put(small)) ++put;
  CHECK(put >= 8);
  CHECK(put <= 11);
  CHECK(items.full());
  for (int i = 0; i < put; ++i) CHECK((items.get() == small));

  auto of_large = system.make_queue<std::string>({.capacity = 1000, .capacity_bytes = 10'000});
  CHECK(of_large.try_put(large));
  CHECK_FALSE(of_large.try_put(large));
  CHECK_FALSE(of_large.try_put(small));
  CHECK((of_large.get() == large));
  REQUIRE(of_large.try_put(small, 10s));
  CHECK_THROWS_AS(system.make_queue<std::string>({.capacity_bytes = 0}), std::invalid_argument);
}

TEST_CASE("a reader tells a close from the death of the queue") {
  troupe::actor_system system;
  auto ends = system.make_queue<std::string>();
  auto closed = system.make_queue<int>();
  system.spawn<watch_the_end>(closed, ends);
  closed.put(1);
  closed.close();
  CHECK(ends.get() == "closed");

  auto dies = system.make_queue<int>({.survives = false});
  system.spawn<watch_the_end>(dies, ends);
  dies.put(1);
  dies.join();
  dies.handle().kill();
  CHECK(ends.get() == "died: " + std::to_string(SIGKILL));
  CHECK_THROWS_AS(dies.get(), troupe::actor_down);
  CHECK_THROWS_AS(dies.join(), troupe::actor_down);
  CHECK_THROWS_AS(dies.close_now(), troupe::actor_down);
  CHECK_THROWS_AS(dies.full(), troupe::actor_down);
}

TEST_CASE("a queue whose system has been stopped says so, in every member") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.name = "items"});
  auto drained = system.make_queue<int>();
  items.put(1);
  drained.close();
  CHECK(drained.get() == std::nullopt);
  (void)system.stop();
  CHECK_THROWS_AS(items.put(2), troupe::error);
  CHECK_THROWS_AS(items.try_put(2), troupe::error);
  CHECK_THROWS_AS(items.get(), troupe::error);
  CHECK_THROWS_AS(items.get_for(1h), troupe::error);
  CHECK_THROWS_AS(items.size(), troupe::system_stopped);
  CHECK_THROWS_AS(items.empty(), troupe::system_stopped);
  CHECK_THROWS_AS(items.full(), troupe::system_stopped);
  CHECK_THROWS_AS(items.join(), troupe::system_stopped);
  CHECK_THROWS_AS(items.join_for(1h), troupe::system_stopped);
  CHECK_THROWS_AS(items.close_now(), troupe::system_stopped);
  CHECK_THROWS_AS(items.handle().pid(), troupe::system_stopped);
  CHECK_THROWS_AS(system.make_queue<int>(), troupe::system_stopped);
  CHECK(items.name() == "items");
}

TEST_CASE("64 MiB put by a process that has exited are still there, and joining it waited for no consumer") {
  troupe::actor_system system;
  auto items = system.make_queue<std::string>({.capacity_bytes = std::size_t{128} << 20});
  const auto producer = system.spawn(
      [](troupe::queue<std::string> out) {
        for (int n = 0; n < 64; ++n) out.put(std::string(std::size_t{1} << 20, static_cast<char>('0' + n)));
        out.close();
      },
      items);
  REQUIRE(producer.join().ok());
  int n = 0;
  for (const auto& item : items) {
    REQUIRE(item.size() == std::size_t{1} << 20);
    REQUIRE(item.back() == static_cast<char>('0' + n++));
  }
  REQUIRE(n == 64);
}

TEST_CASE("a queue is readable once there is an item or an end, and looking takes nothing") {
  troupe::actor_system system;
  auto items = system.make_queue<int>();
  auto waiting = items.readable();
  REQUIRE_FALSE(waiting.wait_for(10ms));
  items.put(1);
  waiting.get();
  { const auto dropped = items.readable(); }
  REQUIRE(items.readable().wait_for(20s));
  REQUIRE(items.get_for(20s) == 1);
  auto next = items.readable();
  REQUIRE_FALSE(next.ready());
  items.close();
  next.get();
  REQUIRE_FALSE(items.get());
  REQUIRE(items.readable().wait_for(20s));
}

TEST_CASE("a queue that was brought several items is readable until the last") {
  troupe::actor_system system;
  auto items = system.make_queue<int>();
  for (int n = 0; n < 1000; ++n) items.put(n);
  for (int n = 0; n < 1000; ++n) {
    REQUIRE(items.readable().wait_for(20s));
    REQUIRE(items.get() == n);
  }
  REQUIRE_FALSE(items.readable().wait_for(5ms));
}

TEST_CASE("wait_any over queues and a process: whichever has something") {
  troupe::actor_system system;
  auto numbers_in = system.make_queue<int>();
  auto words = system.make_queue<std::string>();
  auto gate = system.make_queue<int>();
  const auto worker = system.spawn([](troupe::queue<int> until) { (void)until.get(); }, gate);
  auto number = numbers_in.readable();
  auto word = words.readable();
  auto end = worker.ended();
  REQUIRE_FALSE(troupe::wait_any(5ms, number, word, end));
  words.put("one");
  REQUIRE(troupe::wait_any(number, word, end) == 1);
  REQUIRE(words.get() == "one");
  word = words.readable();
  worker.kill();
  REQUIRE(troupe::wait_any(number, word, end) == 2);
  REQUIRE(end.get().code == SIGKILL);
}

TEST_CASE("a reader tells a writer's death from a close where the queue ends with its writers") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.ends_with_a_writer = true});
  auto gate = system.make_queue<int>();
  const auto put_some = [](troupe::queue<int> out, troupe::queue<int> until) {
    for (int n = 0; n < 100; ++n) out.put(n);
    (void)until.get();
  };
  const auto writer = system.spawn(put_some, items, gate);
  REQUIRE(items.get() == 0);
  writer.kill();
  int seen = 0;
  try {
    for (const int n : items) REQUIRE(n == ++seen);
    FAIL("a death is no close");
  } catch (const troupe::queue_broken& broken) {
    REQUIRE(broken.status().code == SIGKILL);
    REQUIRE_THAT(broken.what(), Catch::Contains(items.name()) && Catch::Contains("killed by SIGKILL"));
  }
  REQUIRE_THROWS_AS(items.put(1), troupe::queue_broken);
  REQUIRE_THROWS_AS(items.get_for(5ms), troupe::queue_broken);

  auto others = system.make_queue<int>({.ends_with_a_writer = true});
  const auto polite = system.spawn(put_some, others, gate);
  gate.close();
  REQUIRE(polite.join().ok());
  others.close();
  seen = 0;
  for (const int n : others) REQUIRE(n == seen++);
  REQUIRE_FALSE(others.get());
}

TEST_CASE("a writer that throws ends such a queue too, and its readers get what is left first") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  auto items = system.make_queue<int>({.ends_with_a_writer = true});
  const auto writer = system.spawn(
      [](troupe::queue<int> out) {
        for (int n = 0; n < 100; ++n) out.put(n);
        throw std::runtime_error{"no more"};
      },
      items);
  int seen = 0;
  try {
    for (const int n : items) REQUIRE(n == seen++);
    FAIL("an exception is no close");
  } catch (const troupe::queue_broken& broken) {
    REQUIRE(broken.status().kind == troupe::exit_kind::exception);
  }
  REQUIRE(seen == 100);
  REQUIRE(writer.join().exception_text == "no more");
}

TEST_CASE("a writer's death ends no queue that was not asked for it") {
  troupe::actor_system system;
  auto items = system.make_queue<int>();
  auto gate = system.make_queue<int>();
  const auto writer = system.spawn<queue_items::put_one_and_wait>(items, gate);
  REQUIRE(items.get() == 1);
  writer.kill();
  writer.join();
  items.put(2);
  REQUIRE(items.get() == 2);
}
