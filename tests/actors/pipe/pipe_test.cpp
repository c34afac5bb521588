#include <troupe/pipe.hpp>
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "support/range.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

using numbers = troupe::pipe_end<int, int>;
using text = troupe::pipe_end<std::string, std::string>;

// What the tests run in other processes.

void send_range(numbers out, int from, int to) {
  for (int n = from; n < to; ++n) out.send(n);
}

void send_and_wait(numbers out, int count) {
  for (int n = 0; n < count; ++n) out.send(n);
  (void)out.receive();
}

void send_and_throw(numbers out) {
  out.send(1);
  throw std::domain_error{"the sender's"};
}

void fill(numbers out) {
  for (int n = 0;; ++n) out.send(n);
}

void double_all(numbers end) {
  while (const auto n = end.receive()) end.send(2 * *n);
}

void measure_words(troupe::pipe_end<int, std::string> end) {
  while (const auto word = end.receive()) end.send(static_cast<int>(word->size()));
}

void receive_one_and_wait(numbers in, troupe::queue<int> report, troupe::queue<int> gate) {
  report.put(in.receive().value());
  (void)gate.get();
}

std::vector<int> rest_of(numbers& in) {
  std::vector<int> all;
  while (const auto n = in.receive()) all.push_back(*n);
  return all;
}

using support::range;

/// What the next `receive` that gives no item throws.
troupe::exit_status how_it_broke(numbers& in) {
  try {
    while (in.receive()) {
    }
  } catch (const troupe::pipe_broken& broken) {
    return broken.status();
  }
  FAIL("the pipe has ended in good order");
  return {};
}

/// Keeps an end that it was sent, and answers with it.
class keeper {
 public:
  void keep(numbers end) { end_ = std::move(end); }
  int receive() { return end_.receive().value_or(-1); }
  void send(int n) { end_.send(n); }
  numbers give() { return std::move(end_); }
  void drop() { end_ = {}; }

 private:
  numbers end_;
};

}  // namespace

TEST_CASE("what is sent at one end of a pipe is received at the other, in order, and then the end") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system};
  system.spawn<send_range>(std::move(pipe.first), 0, 5000);
  REQUIRE(rest_of(pipe.second) == range(5000));
  REQUIRE_FALSE(pipe.second.receive());
}

TEST_CASE("a pipe carries another type each way") {
  troupe::actor_system system;
  troupe::pipe<std::string, int> talk{system};
  const auto other = system.spawn<measure_words>(std::move(talk.second));
  talk.first.send("one");
  talk.first.send("eleven");
  REQUIRE(talk.first.receive() == 3);
  REQUIRE(talk.first.receive() == 6);
  talk.first.close();
  REQUIRE(other.join().ok());
}

TEST_CASE("who has sent everything may still receive") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system};
  const auto other = system.spawn<double_all>(std::move(pipe.second));
  for (int n = 0; n < 100; ++n) pipe.first.send(n);
  pipe.first.close_sending();
  for (int n = 0; n < 100; ++n) REQUIRE(pipe.first.receive() == 2 * n);
  REQUIRE_FALSE(pipe.first.receive());
  REQUIRE_THROWS_AS(pipe.first.send(1), troupe::pipe_closed);
  REQUIRE(other.join().ok());
}

TEST_CASE("an end that is sent away is not the sender's any more") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system};
  system.spawn<double_all>(std::move(pipe.second));
  REQUIRE_FALSE(pipe.second.valid());
  REQUIRE_THROWS_AS(pipe.second.send(1), std::logic_error);
  pipe.first.send(21);
  REQUIRE(pipe.first.receive() == 42);
}

TEST_CASE("an end whose sending failed is still the sender's") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system};
  const auto gone = system.spawn<keeper>();
  gone.kill();
  gone.join();
  REQUIRE_THROWS_AS(gone.tell<&keeper::keep>(std::move(pipe.second)), troupe::actor_down);
  REQUIRE(pipe.second.valid());
  pipe.first.send(1);
  REQUIRE(pipe.second.receive() == 1);
}

TEST_CASE("the death of the sender is told from its close, after everything that it had sent") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system};
  const auto sender = system.spawn<send_and_wait>(std::move(pipe.first), 1000);
  REQUIRE(pipe.second.receive() == 0);
  for (int n = 1; n < 500; ++n) REQUIRE(pipe.second.receive() == n);
  while (!pipe.second.readable().wait_for(0s)) std::this_thread::yield();
  sender.kill();
  sender.join();
  std::vector<int> rest;
  try {
    while (const auto n = pipe.second.receive()) rest.push_back(*n);
    FAIL("a death is no close");
  } catch (const troupe::pipe_broken& broken) {
    REQUIRE(broken.status().code == SIGKILL);
    REQUIRE_THAT(broken.what(), Catch::Contains("killed by SIGKILL") && Catch::Contains(pipe.second.name()));
  }
  for (std::size_t i = 0; i < rest.size(); ++i) REQUIRE(rest[i] == static_cast<int>(500 + i));
  REQUIRE_THROWS_AS(pipe.second.receive(), troupe::pipe_broken);
  REQUIRE_THROWS_AS(pipe.second.send(1), troupe::pipe_broken);
}

TEST_CASE("a receiver that waits hears of the sender's death") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system};
  const auto sender = system.spawn<send_and_wait>(std::move(pipe.first), 0);
  auto waiting = pipe.second.readable();
  REQUIRE_FALSE(waiting.wait_for(20ms));
  sender.kill();
  waiting.get();
  REQUIRE(how_it_broke(pipe.second).code == SIGKILL);
}

TEST_CASE("a sender that an exception ends has not closed its end") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  troupe::pipe<int> pipe{system};
  system.spawn<send_and_throw>(std::move(pipe.first));
  REQUIRE(pipe.second.receive() == 1);
  REQUIRE(how_it_broke(pipe.second).exception_text == "the sender's");
}

TEST_CASE("an end that was let go because of an exception is broken, also where the exception is caught") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system};
  const auto fail_with = [](numbers end) {
    end.send(1);
    throw std::domain_error{"caught"};
  };
  REQUIRE_THROWS_AS(fail_with(std::move(pipe.first)), std::domain_error);
  REQUIRE(pipe.second.receive() == 1);
  REQUIRE(how_it_broke(pipe.second).kind == troupe::exit_kind::exception);

  troupe::pipe<int> other{system};
  auto gate = system.make_queue<int>();
  const auto survivor = system.spawn(
      [](numbers end, troupe::queue<int> until) {
        try {
          const auto mine = std::move(end);
          throw std::domain_error{"caught"};
        } catch (const std::domain_error&) {
          (void)until.get();
        }
      },
      std::move(other.first), gate);
  REQUIRE(how_it_broke(other.second).kind == troupe::exit_kind::exception);
  REQUIRE(survivor.is_alive());
  gate.close();
  survivor.join();
}

TEST_CASE("a holder that is asked to stop closes its end in good order") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system};
  const auto sender = system.spawn<send_and_wait>(std::move(pipe.first), 1);
  REQUIRE(pipe.second.receive() == 0);
  sender.stop();
  REQUIRE_FALSE(pipe.second.receive());
}

TEST_CASE("a sender that waits for room hears of the receiver's death, and of its close") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system, {.capacity = 4}};
  auto report = system.make_queue<int>();
  auto gate = system.make_queue<int>();
  const auto receiver = system.spawn<receive_one_and_wait>(std::move(pipe.second), report, gate);
  bool was_broken = false;
  auto heard = std::thread{[&] {
    try {
      fill(std::move(pipe.first));
    } catch (const troupe::pipe_broken&) {
      was_broken = true;
    }
  }};
  REQUIRE(report.get() == 0);
  receiver.kill();
  heard.join();
  REQUIRE(was_broken);

  troupe::pipe<int> other{system, {.capacity = 4}};
  const auto polite = system.spawn<receive_one_and_wait>(std::move(other.second), report, gate);
  bool was_closed = false;
  heard = std::thread{[&] {
    try {
      for (int n = 0;; ++n) other.first.send(n);
    } catch (const troupe::pipe_broken&) {
      // it was closed in good order
    } catch (const troupe::pipe_closed&) {
      was_closed = true;
    }
  }};
  REQUIRE(report.get() == 0);
  gate.close();
  heard.join();
  REQUIRE(was_closed);
  REQUIRE(polite.join().ok());
}

TEST_CASE("a pipe is bounded: try_send says so, and what was refused is not sent") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system, {.capacity = 3}};
  int taken = 0;
  while (pipe.first.try_send(taken)) REQUIRE(++taken <= 3);
  REQUIRE(taken == 3);
  REQUIRE_FALSE(pipe.first.try_send(99, 5ms));
  REQUIRE(pipe.second.receive() == 0);
  REQUIRE(pipe.first.try_send(3, 5s));
  pipe.first.close();
  REQUIRE(rest_of(pipe.second) == std::vector{1, 2, 3});
}

TEST_CASE("a pipe is bounded in bytes, in each direction") {
  troupe::actor_system system;
  troupe::pipe<std::string> pipe{system, {.capacity = 1000, .capacity_bytes = 10'000}};
  const std::string item(4000, 'x');
  for (auto* end : {&pipe.first, &pipe.second}) {
    int taken = 0;
    while (end->try_send(item)) REQUIRE(++taken < 10);
    REQUIRE(taken >= 2);
  }
}

TEST_CASE("receive_for throws timeout where nothing comes, and the pipe goes on") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system};
  REQUIRE_THROWS_AS(pipe.second.receive_for(5ms), troupe::timeout);
  REQUIRE_THROWS_AS(pipe.second.receive_for(-1ms), troupe::timeout);
  pipe.first.send(1);
  REQUIRE(pipe.second.receive_for(20s) == 1);
  pipe.first.close();
  REQUIRE_FALSE(pipe.second.receive_for(20s));
}

TEST_CASE("what was sent outlives the holder that had received it") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system};
  auto report = system.make_queue<int>();
  auto gate = system.make_queue<int>();
  auto spare = pipe.second.share();
  const auto sender = system.spawn<send_and_wait>(std::move(pipe.first), 100);
  const auto receiver = system.spawn<receive_one_and_wait>(std::move(pipe.second), report, gate);
  REQUIRE(report.get() == 0);
  receiver.kill();
  receiver.join();
  // The one in its hands comes back, as it had not asked for the next: when the pipe has heard of its death.
  std::vector<int> all;
  while (all.size() < 100) all.push_back(spare.receive_for(20s).value());
  std::sort(all.begin(), all.end());
  REQUIRE(all == range(100));
  sender.kill();
  REQUIRE(how_it_broke(spare).code == SIGKILL);
}

TEST_CASE(
    "an end of several holders is closed with the last of them, and a death before counts for nothing") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system};
  const auto one = system.spawn<send_and_wait>(pipe.first.share(), 1);
  const auto two = system.spawn<send_and_wait>(pipe.first.share(), 1);
  REQUIRE(pipe.second.receive() == 0);
  REQUIRE(pipe.second.receive() == 0);
  one.kill();
  one.join();
  REQUIRE_THROWS_AS(pipe.second.receive_for(20ms), troupe::timeout);
  two.stop();
  two.join();
  REQUIRE_THROWS_AS(pipe.second.receive_for(20ms), troupe::timeout);
  pipe.first = {};
  REQUIRE_FALSE(pipe.second.receive());
}

TEST_CASE("an end that is handed on by a process that ends is held all the time") {
  troupe::actor_system system;
  for (int round = 0; round < 20; ++round) {
    troupe::pipe<int> pipe{system};
    const auto kept = system.spawn<keeper>();
    kept.tell<&keeper::keep>(std::move(pipe.first));
    kept.tell<&keeper::send>(7);
    REQUIRE(pipe.second.receive() == 7);
    auto back = kept.ask<&keeper::give>().get();
    back.send(8);
    REQUIRE(pipe.second.receive() == 8);
    kept.stop();
    kept.join();
    back.send(9);
    REQUIRE(pipe.second.receive() == 9);
    back = {};
    REQUIRE_FALSE(pipe.second.receive());
  }
}

TEST_CASE("an end on its way to a process that dies before it gets it is broken") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system};
  const auto kept = system.spawn<keeper>();
  auto gate = system.make_queue<int>();
  const auto busy = system.spawn([](troupe::queue<int> until) { (void)until.get(); }, gate);
  kept.tell<&keeper::keep>(pipe.first.share());
  kept.ask<&keeper::send>(1).get();
  ::kill(kept.pid(), SIGSTOP);
  kept.tell<&keeper::keep>(std::move(pipe.first));
  kept.kill();
  REQUIRE(pipe.second.receive() == 1);
  REQUIRE(how_it_broke(pipe.second).code == SIGKILL);
  gate.close();
  busy.join();
}

TEST_CASE("an actor that drops an end closes it, and lives on") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system};
  const auto kept = system.spawn<keeper>();
  kept.tell<&keeper::keep>(std::move(pipe.first));
  kept.tell<&keeper::send>(1);
  kept.tell<&keeper::drop>();
  REQUIRE(rest_of(pipe.second) == std::vector{1});
  REQUIRE(kept.is_alive());
}

TEST_CASE("whoever uses an end that is closed here is told so") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system};
  pipe.second.send(1);
  pipe.first.close();
  REQUIRE_THROWS_WITH(pipe.first.send(1), Catch::Contains("this end of pipe"));
  REQUIRE_THROWS_WITH(pipe.first.receive(), Catch::Contains("this end of pipe"));
  pipe.first.close();
  REQUIRE_FALSE(pipe.second.receive());
  REQUIRE_THROWS_WITH(pipe.second.send(1), Catch::Contains("the other end of pipe"));
}

TEST_CASE("the death of the pipe's own process is the end of nothing: it is actor_down at both ends") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system};
  pipe.first.send(1);
  pipe.first.handle().kill();
  pipe.first.handle().join();
  REQUIRE_THROWS_AS(pipe.second.receive(), troupe::actor_down);
  REQUIRE_THROWS_AS(pipe.first.send(1), troupe::actor_down);
  REQUIRE_THROWS_AS(pipe.first.readable(), troupe::actor_down);
}

TEST_CASE("the process of a pipe ends with the last handle of both ends") {
  troupe::actor_system system;
  troupe::process where;
  {
    troupe::pipe<int> pipe{system};
    where = pipe.first.handle();
    pipe.first = {};
    REQUIRE_FALSE(pipe.second.receive());
    REQUIRE(where.is_alive());
  }
  REQUIRE(where.join().ok());
}

TEST_CASE("two that both wait to receive from each other are told that nothing will come", "[one_machine]") {
  troupe::actor_system system;
  troupe::pipe<int> pipe{system};
  auto report = system.make_queue<std::string>();
  const auto listen = [](numbers end, troupe::queue<std::string> say) {
    try {
      (void)end.receive();
      say.put("end");
    } catch (const troupe::would_deadlock&) {
      say.put("circle");
    }
  };
  const auto one = system.spawn(listen, std::move(pipe.first), report);
  const auto two = system.spawn(listen, std::move(pipe.second), report);
  std::vector<std::string> said{report.get().value(), report.get().value()};
  std::sort(said.begin(), said.end());
  REQUIRE(said.front() == "circle");  // one at least: both may have closed it at once
  one.join();
  two.join();
}

TEST_CASE("a pipe says what it cannot be") {
  troupe::actor_system system;
  REQUIRE_THROWS_AS((troupe::pipe<int>{system, {.capacity = 0}}), std::invalid_argument);
  REQUIRE_THROWS_AS((troupe::pipe<int>{system, {.capacity_bytes = 0}}), std::invalid_argument);
  numbers nothing;
  REQUIRE_THROWS_AS(nothing.receive(), std::logic_error);
  REQUIRE_THROWS_AS(nothing.share(), std::logic_error);
}
