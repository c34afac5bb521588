#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "actors/queue/items.hpp"
#include "support/range.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

using queue_items::lost_and_repeated;
using queue_items::numbers;

using support::range;

numbers rest_of(troupe::queue<int>& from) {
  numbers all;
  for (const int n : from) all.push_back(n);
  return all;
}

/// What a reader leaves behind travels on another way than what its end tells the host.
void wait_for_items(const troupe::queue<int>& in, std::size_t at_least) {
  while (in.size() < at_least) std::this_thread::yield();
}

// What the tests run in other processes. They cannot assert: they report through a queue.

void put_range(troupe::queue<int> out, int from, int to) {
  for (int n = from; n < to; ++n) out.put(n);
}

void put_until_closed(troupe::queue<int> out, troupe::queue<std::string> report) {
  try {
    for (int n = 0;; ++n) out.put(n);
  } catch (const troupe::queue_closed& closed) {
    report.put(closed.what());
  }
}

void collect(troupe::queue<int> in, troupe::queue<numbers> report) { report.put(rest_of(in)); }

void close_it(troupe::queue<int> whom) { whom.close(); }

/// Takes some, says so, and returns: with `gate` closed, at once.
void take_some(troupe::queue<int> in, int count, troupe::queue<numbers> report, troupe::queue<int> gate) {
  numbers taken;
  for (int n = 0; n < count; ++n) taken.push_back(in.get().value());
  report.put(taken);
  (void)gate.get();
}

}  // namespace

TEST_CASE("each item goes to exactly one of many consumers, from many producers") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.capacity = 50});
  auto report = system.make_queue<numbers>();
  std::vector<troupe::process> producers;
  for (int p = 0; p < 3; ++p) producers.push_back(system.spawn<put_range>(items, p * 2000, (p + 1) * 2000));
  for (int c = 0; c < 4; ++c) system.spawn<collect>(items, report);

  for (auto& producer : producers) REQUIRE(producer.join().ok());
  items.close();
  numbers all;
  for (int c = 0; c < 4; ++c) {
    const auto taken = report.get().value();
    all.insert(all.end(), taken.begin(), taken.end());
  }
  CHECK(lost_and_repeated(all, 0, 6000) == "");
}

TEST_CASE("close ends every consumer once all items have been taken") {
  troupe::actor_system system;
  auto items = system.make_queue<int>();
  auto report = system.make_queue<numbers>();
  std::vector<troupe::process> consumers;
  for (int c = 0; c < 5; ++c) consumers.push_back(system.spawn<collect>(items, report));
  for (int n = 0; n < 1000; ++n) items.put(n);
  items.close();
  items.close();

  numbers all;
  for (auto& consumer : consumers) {
    REQUIRE(consumer.join().ok());
    const auto taken = report.get().value();
    all.insert(all.end(), taken.begin(), taken.end());
  }
  CHECK(lost_and_repeated(all, 0, 1000) == "");
  CHECK(items.get() == std::nullopt);
  CHECK(items.get() == std::nullopt);
}

TEST_CASE("a queue that another process closes ends for its readers while a writer sits on reservations") {
  troupe::actor_system system;
  auto items = system.make_queue<int>();
  for (int n = 0; n < 700; ++n) items.put(n);
  REQUIRE(system.spawn<close_it>(items).join().ok());
  auto elsewhere = system.make_queue<numbers>();
  system.spawn<collect>(items, elsewhere);
  CHECK(elsewhere.get().value() == range(0, 700));
}

TEST_CASE("put waits while the queue is full") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.capacity = 5});
  int taken = 0;
  while (items.try_put(taken)) ++taken;
  CHECK(taken == 5);
  CHECK(items.size() == 5);
  CHECK_FALSE(items.try_put(99, 1ms));

  auto producer = system.spawn<put_range>(items, 5, 30);
  CHECK_FALSE(items.try_put(99, 1ms));
  CHECK(items.size() == 5);
  for (int n = 0; n < 30; ++n) CHECK(items.get() == n);
  CHECK(producer.join().ok());
  CHECK(items.try_put(99));
}

TEST_CASE("a queue of one place serves two producers") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.capacity = 1});
  auto even = system.spawn<put_range>(items, 0, 200);
  auto odd = system.spawn<put_range>(items, 200, 400);
  numbers all;
  for (int n = 0; n < 400; ++n) all.push_back(items.get().value());
  CHECK(lost_and_repeated(all, 0, 400) == "");
  CHECK(even.join().ok());
  CHECK(odd.join().ok());
  CHECK(items.size() == 0);
}

TEST_CASE("a producer that is killed takes no places of the queue with it") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.capacity = 64});
  auto report = system.make_queue<std::string>();
  auto producer = system.spawn<put_until_closed>(items, report);
  for (int n = 0; n < 2000; ++n) REQUIRE(items.get() == n);  // by now it has reservations
  producer.kill();
  (void)producer.join();
  auto other = system.spawn<put_range>(items, -64, 0);
  for (int n = 0; n != -1;) n = items.get().value();
  CHECK(other.join().ok());
  for (int n = 0; n < 64; ++n) items.put(n);
  CHECK_FALSE(items.try_put(64));
}

TEST_CASE("get_for throws timeout where nothing comes, and the queue goes on") {
  troupe::actor_system system;
  auto items = system.make_queue<int>();
  CHECK_THROWS_AS(items.get_for(1ms), troupe::timeout);
  CHECK_THROWS_AS(items.get_for(0ms), troupe::timeout);
  items.put(7);
  CHECK(items.get_for(0ms) == 7);
  items.put(8);
  CHECK(items.get_for(1min) == 8);
  items.close();
  CHECK(items.get_for(1min) == std::nullopt);
}

TEST_CASE("a reader that gave up waiting is given nothing") {
  troupe::actor_system system;
  auto items = system.make_queue<int>();
  CHECK_THROWS_AS(items.get_for(1ms), troupe::timeout);
  items.put(1);
  items.close();
  auto report = system.make_queue<numbers>();
  system.spawn<collect>(items, report);
  CHECK(report.get().value() == numbers{1});
}

TEST_CASE("a consumer that returns early gives back what it had not come to, in order") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.capacity = 2000});
  auto report = system.make_queue<numbers>();
  auto gate = system.make_queue<int>();
  gate.close();
  for (int n = 0; n < 2000; ++n) items.put(n);
  REQUIRE(system.spawn<take_some>(items, 300, report, gate).join().ok());
  CHECK(report.get().value() == range(0, 300));
  wait_for_items(items, 1700);
  items.close();
  CHECK(rest_of(items) == range(300, 2000));
}

TEST_CASE("whoever closes a queue gives back what it had not come to") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.capacity = 2000});
  auto report = system.make_queue<numbers>();
  for (int n = 0; n < 2000; ++n) items.put(n);
  for (int n = 0; n < 300; ++n) REQUIRE(items.get() == n);
  items.close();
  system.spawn<collect>(items, report);
  CHECK(report.get().value() == range(300, 2000));
}

TEST_CASE("a reader that sits on an item does not keep the others from the end") {
  troupe::actor_system system;
  auto items = system.make_queue<int>();
  auto report = system.make_queue<numbers>();
  for (int n = 0; n < 3; ++n) items.put(n);
  REQUIRE(items.get() == 0);
  REQUIRE(system.spawn<close_it>(items).join().ok());
  system.spawn<collect>(items, report);
  CHECK(report.get().value() == range(1, 3));
}

TEST_CASE("consumers that come and go take each item once while producers keep the queue busy") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.capacity = 5000});
  auto report = system.make_queue<numbers>();
  auto gate = system.make_queue<int>();
  gate.close();
  std::vector<troupe::process> producers;
  for (int p = 0; p < 2; ++p) producers.push_back(system.spawn<put_range>(items, p * 20000, (p + 1) * 20000));
  for (int c = 0; c < 30; ++c) system.spawn<take_some>(items, 200, report, gate);
  numbers all;
  for (int c = 0; c < 30; ++c) {
    const auto taken = report.get().value();
    all.insert(all.end(), taken.begin(), taken.end());
  }
  system.spawn<collect>(items, report);
  for (auto& producer : producers) CHECK(producer.join().ok());
  items.close();
  const auto rest = report.get().value();
  all.insert(all.end(), rest.begin(), rest.end());
  CHECK(lost_and_repeated(all, 0, 40000) == "");
}

TEST_CASE("a consumer that is stopped gives back the item in its hands and what it had not come to") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.capacity = 2000});
  auto report = system.make_queue<numbers>();
  auto gate = system.make_queue<int>();
  for (int n = 0; n < 2000; ++n) items.put(n);
  auto consumer = system.spawn<take_some>(items, 300, report, gate);
  CHECK(report.get().value() == range(0, 300));
  consumer.stop();
  CHECK(consumer.join().ok());
  wait_for_items(items, 1701);
  items.close();
  CHECK(rest_of(items) == range(299, 2000));
}

TEST_CASE("what a consumer that is killed had not finished comes to others, in order") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.capacity = 2000});
  auto report = system.make_queue<numbers>();
  auto gate = system.make_queue<int>();
  for (int n = 0; n < 2000; ++n) items.put(n);
  items.close();
  auto consumer = system.spawn<take_some>(items, 300, report, gate);
  CHECK(report.get().value() == range(0, 300));
  consumer.kill();
  wait_for_items(items, 1701);  // at least the one in its hands has come back
  system.spawn<collect>(items, report);
  const auto rest = report.get().value();
  REQUIRE_FALSE(rest.empty());
  CHECK(rest.front() < 300);
  CHECK(rest == range(rest.front(), 2000));
}

TEST_CASE("put after close throws queue_closed") {
  troupe::actor_system system;
  auto items = system.make_queue<int>();
  items.put(1);
  items.close();
  CHECK_THROWS_AS(items.put(2), troupe::queue_closed);
  CHECK_THROWS_AS(items.try_put(2), troupe::queue_closed);
  CHECK(items.get() == 1);
  CHECK(items.get() == std::nullopt);
}

TEST_CASE("writers in other processes hear of a close, waiting or not") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.capacity = 20, .name = "numbers"});
  auto report = system.make_queue<std::string>();
  auto first = system.spawn<put_until_closed>(items, report);
  auto second = system.spawn<put_until_closed>(items, report);
  for (int n = 0; n < 100; ++n) (void)items.get();
  items.close();
  CHECK(report.get().value() == "queue 'numbers' is closed: the item was not taken");
  CHECK(report.get().value() == "queue 'numbers' is closed: the item was not taken");
  CHECK(first.join().ok());
  CHECK(second.join().ok());
  CHECK_THROWS_AS(items.put(1), troupe::queue_closed);
}

namespace {

struct job {
  int number;
  troupe::queue<std::string> answers;
};

class clerk {
 public:
  void handle(job todo) { todo.answers.put("job " + std::to_string(todo.number)); }
};

void work_off(troupe::queue<job> jobs) {
  for (auto& todo : jobs) todo.answers.put("job " + std::to_string(todo.number));
}

}  // namespace

TEST_CASE("a handle travels inside messages and inside the items of another queue") {
  troupe::actor_system system;
  auto answers = system.make_queue<std::string>();
  auto someone = system.spawn<clerk>();
  someone.tell<&clerk::handle>(job{1, answers});
  CHECK(answers.get() == "job 1");

  auto jobs = system.make_queue<job>();
  system.spawn<work_off>(jobs);
  jobs.put(job{2, answers});
  jobs.put(job{3, answers});
  CHECK(answers.get() == "job 2");
  CHECK(answers.get() == "job 3");
}

TEST_CASE("items of one producer keep their order among those of others") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.capacity = 100});
  auto low = system.spawn<put_range>(items, 0, 3000);
  auto high = system.spawn<put_range>(items, 10000, 13000);
  numbers first;
  numbers second;
  for (int n = 0; n < 6000; ++n) {
    const int item = items.get().value();
    (item < 10000 ? first : second).push_back(item);
  }
  CHECK(first == range(0, 3000));
  CHECK(second == range(10000, 13000));
}

namespace {
void send_large(troupe::queue<std::string> out) {
  for (char c : {'a', 'b', 'c'}) out.put(std::string(std::size_t{8} << 20, c));
  out.close();
}
}  // namespace

TEST_CASE("items larger than a mailbox pass") {
  troupe::actor_system system;
  auto items = system.make_queue<std::string>({.capacity = 2});
  system.spawn<send_large>(items);
  for (char c : {'a', 'b', 'c'}) CHECK((items.get() == std::string(std::size_t{8} << 20, c)));
  CHECK(items.get() == std::nullopt);
}

TEST_CASE("one thread of the host puts and gets") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.capacity = 10});
  for (int round = 0; round < 200; ++round) {
    for (int n = 0; n < 10; ++n) items.put(round * 10 + n);
    for (int n = 0; n < 10; ++n) REQUIRE(items.get() == round * 10 + n);
  }
}

TEST_CASE("threads of one process share a handle") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.capacity = 16});
  std::vector<numbers> taken(3);
  std::vector<std::thread> readers;
  for (auto& mine : taken) readers.emplace_back([&mine, items]() mutable { mine = rest_of(items); });
  std::vector<std::thread> writers;
  for (int w = 0; w < 3; ++w) {
    writers.emplace_back([w, items]() mutable { put_range(items, w * 1000, (w + 1) * 1000); });
  }
  for (auto& writer : writers) writer.join();
  items.close();
  numbers all;
  for (auto& reader : readers) reader.join();
  for (const auto& mine : taken) all.insert(all.end(), mine.begin(), mine.end());
  CHECK(lost_and_repeated(all, 0, 3000) == "");
}

namespace {

/// Puts more than the queue has room for while one message is handled.
class burst {
 public:
  void send(troupe::queue<int> out, int count) {
    for (int n = 0; n < count; ++n) out.put(n);
    out.close();
  }
};

}  // namespace

TEST_CASE("one handler may put more than the queue holds") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.capacity = 4});
  system.spawn<burst>().tell<&burst::send>(items, 100);
  CHECK(rest_of(items) == range(0, 100));
}

TEST_CASE("a reader that is handed items one at a time holds none that it has not asked for") {
  troupe::actor_system system;
  auto items = system.make_queue<int>({.capacity = 1000, .at_once = 1});
  put_range(items, 0, 600);
  for (int n = 0; n < 400; ++n) CHECK(items.get() == n);
  CHECK(items.size() == 200);
}

TEST_CASE("a queue says what it cannot be") {
  troupe::actor_system system;
  CHECK_THROWS_AS(system.make_queue<int>({.capacity = 0}), std::invalid_argument);
  troupe::queue<int> none;
  CHECK_THROWS_AS(none.put(1), std::logic_error);
  CHECK_THROWS_AS(none.get(), std::logic_error);
  CHECK(system.make_queue<int>({.name = "letters"}).name() == "letters");
}

TEST_CASE("get_for ends in a handler too, and the queue goes on") {
  struct reader {
    int try_to_read(troupe::queue<int> from) {
      try {
        return from.get_for(std::chrono::milliseconds{1}).value();
      } catch (const troupe::timeout&) {
        return -1;
      }
    }
  };
  troupe::actor_system system;
  auto items = system.make_queue<int>();
  const auto first = system.spawn<reader>();
  CHECK(first.ask<&reader::try_to_read>(items).get() == -1);
  items.put(5);
  CHECK(first.ask<&reader::try_to_read>(items).get() == 5);
}
