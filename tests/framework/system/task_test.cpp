// Handlers that are coroutines.
#include <troupe/troupe.hpp>

#include "framework/system/gate.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

class gate : public tests::gate {
 public:
  void fail_all() {
    for (auto& [ticket, promise] : waiting_)
      promise.set_exception(std::make_exception_ptr(std::out_of_range{"gate"}));
    waiting_.clear();
  }
  void note(const std::string& what) { notes_ += what; }
  std::string notes() const { return notes_; }

 private:
  std::string notes_;
};

class worker {
 public:
  explicit worker(troupe::actor<gate> at) : gate_{std::move(at)} {}

  troupe::task<int> pass(int ticket) {
    ++begun_;
    order_.push_back(ticket);
    const int answer = co_await gate_.ask<&gate::enter>(ticket);
    co_return answer * 10;
  }
  troupe::task<> pass_told(int ticket) { co_await pass(ticket); }
  troupe::task<std::string> keep(const std::string& by_reference, std::string by_value, int ticket) {
    auto answer = gate_.ask<&gate::enter>(ticket);
    co_await answer;  // a named one, too
    co_return by_reference + by_value;
  }
  troupe::task<int> nested(int depth) {
    if (depth == 0) co_return co_await pass(7);
    co_return co_await nested(depth - 1) + 1;
  }
  troupe::task<int> at_once() { co_return 5; }
  troupe::task<std::string> catches() {
    try {
      co_await gate_.ask<&gate::enter>(1);
      co_return "value";
    } catch (const std::out_of_range& e) {
      co_return std::string{"caught "} + e.what();
    } catch (const troupe::actor_down&) {
      co_return "actor_down";
    }
  }
  troupe::task<int> throws(int ticket) {
    co_await gate_.ask<&gate::enter>(ticket);
    throw std::length_error{"out of a task"};
  }
  troupe::task<> notes_and_dies() {
    gate_.tell<&gate::note>("a");
    gate_.tell<&gate::note>("b");
    co_await troupe::this_actor::sleep(1ms);
    gate_.tell<&gate::note>("c");
    ::raise(SIGKILL);
  }
  troupe::task<int> many_sleeps(int count) {
    for (int i = 0; i < count; ++i) co_await troupe::this_actor::sleep(0s);
    co_return count;
  }
  troupe::task<> sleeps_long() { co_await troupe::this_actor::sleep(1h); }
  troupe::task<long> sum_of_sleeping(int count) {
    long sum = 0;
    for (int i = 0; i < count; ++i)
      sum += co_await troupe::this_actor::self<worker>().ask<&worker::many_sleeps>(i);
    co_return sum;
  }

  int begun() const { return begun_; }
  std::vector<int> order() const { return order_; }
  void die() { ::raise(SIGKILL); }
  void ordinary() { order_.push_back(-1); }
  void pass_on() { gate_.tell<&gate::note>("x"); }

 private:
  troupe::actor<gate> gate_;
  int begun_ = 0;
  std::vector<int> order_;
};

/// Asks for others.
class proxy {
 public:
  troupe::task<int> pass(troupe::actor<worker> to, int ticket) {
    co_return co_await to.ask<&worker::pass>(ticket);
  }
};

struct stage {
  troupe::actor<gate> doors;
  troupe::actor<worker> works;
};

stage set_up(troupe::actor_system& system, const troupe::spawn_options& options = {}) {
  const auto doors = system.spawn<gate>();
  return {doors, system.spawn<worker>(options, doors)};
}

void wait_for_waiting(const troupe::actor<gate>& doors, int count) {
  while (doors.ask<&gate::waiting>().get() != count) std::this_thread::yield();
}

}  // namespace

TEST_CASE("while tasks wait, other messages are handled, and tasks end in any order") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  std::vector<troupe::future<int>> answers;
  for (int i = 0; i < 5; ++i) answers.push_back(works.ask<&worker::pass>(i));
  CHECK(works.ask<&worker::begun>().get() == 5);
  wait_for_waiting(doors, 5);
  for (const int ticket : {3, 0, 4, 1, 2}) {
    doors.tell<&gate::open>(ticket);
    CHECK(answers[static_cast<std::size_t>(ticket)].get() == ticket * 10);
  }
  works.stop();
  CHECK(works.join().messages_handled == 6);
}

TEST_CASE("arguments live until the coroutine ends") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  std::vector<troupe::future<std::string>> answers;
  for (int i = 0; i < 10; ++i)
    answers.push_back(works.ask<&worker::keep>(std::string(200, static_cast<char>('a' + i)), "text", i));
  wait_for_waiting(doors, 10);
  for (int i = 9; i >= 0; --i) doors.tell<&gate::open>(i);
  for (int i = 0; i < 10; ++i) {
    std::string both(200, static_cast<char>('a' + i));
    both += "text";
    CHECK(answers[static_cast<std::size_t>(i)].get() == both);
  }
}

TEST_CASE("tasks await tasks, and some never wait") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  CHECK(works.ask<&worker::at_once>().get() == 5);
  auto deep = works.ask<&worker::nested>(1000);
  wait_for_waiting(doors, 1);
  doors.tell<&gate::open>(7);
  CHECK(deep.get() == 1070);
  CHECK(works.ask<&worker::many_sleeps>(1000).get() == 1000);
  CHECK(works.ask<&worker::sum_of_sleeping>(30).get() == 435);
}

TEST_CASE("no more tasks are in flight than allowed, in order, and ordinary handlers run beside them") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system, {.in_flight = 2});
  std::vector<troupe::future<int>> answers;
  answers.push_back(works.ask<&worker::pass>(0));
  answers.push_back(works.ask<&worker::pass>(1));
  works.tell<&worker::ordinary>();
  answers.push_back(works.ask<&worker::pass>(2));
  works.tell<&worker::ordinary>();  // behind a task that has to wait: it waits too
  answers.push_back(works.ask<&worker::pass>(3));
  wait_for_waiting(doors, 2);
  doors.tell<&gate::open>(1);
  CHECK(answers[1].get() == 10);
  wait_for_waiting(doors, 2);
  CHECK_FALSE(answers[3].wait_for(0s));
  doors.tell<&gate::open>(0);
  wait_for_waiting(doors, 2);
  doors.tell<&gate::open>(2);
  doors.tell<&gate::open>(3);
  CHECK(troupe::wait_all(answers));
  CHECK(works.ask<&worker::order>().get() == std::vector{0, 1, -1, 2, -1, 3});
  CHECK_THROWS_AS(system.spawn<worker>({.in_flight = 0}, doors), std::invalid_argument);
  CHECK_THROWS_AS(system.spawn<worker>({.in_flight = 17}, doors), std::invalid_argument);
}

TEST_CASE("sixteen tasks in flight by default, and an ordinary message is handled among them") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  std::vector<troupe::future<int>> answers;
  for (int i = 0; i < 16; ++i) answers.push_back(works.ask<&worker::pass>(i));
  auto beside = works.ask<&worker::begun>();
  answers.push_back(works.ask<&worker::pass>(16));
  CHECK(beside.get() == 16);
  wait_for_waiting(doors, 16);
  for (int i = 0; i < 16; ++i) doors.tell<&gate::open>(i);
  wait_for_waiting(doors, 1);
  doors.tell<&gate::open>(16);
  for (int i = 0; i < 17; ++i) CHECK(answers[static_cast<std::size_t>(i)].get() == i * 10);
}

TEST_CASE("an exception out of a task goes to the asker, and ends the actor where it was told") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  auto asked = works.ask<&worker::throws>(1);
  wait_for_waiting(doors, 1);
  doors.tell<&gate::open>(1);
  CHECK_THROWS_AS(asked.get(), std::length_error);
  auto caught = works.ask<&worker::catches>();
  wait_for_waiting(doors, 1);
  doors.tell<&gate::fail_all>();
  CHECK(caught.get() == "caught gate");
  works.tell<&worker::throws>(2);
  wait_for_waiting(doors, 1);
  doors.tell<&gate::open>(2);
  const auto status = works.join();
  CHECK(status.kind == troupe::exit_kind::exception);
  CHECK(status.exception_text == "out of a task");
}

TEST_CASE("an actor that dies with ten tasks in flight had begun them, and not those behind") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system, {.in_flight = 10});
  std::vector<troupe::future<int>> answers;
  for (int i = 0; i < 14; ++i) answers.push_back(works.ask<&worker::pass>(i));
  wait_for_waiting(doors, 10);
  doors.tell<&gate::open>(5);
  CHECK(answers[5].get() == 50);
  wait_for_waiting(doors, 10);
  works.kill();
  int running = 0, waiting = 0;
  for (int i = 0; i < 14; ++i) {
    if (i == 5) continue;
    try {
      answers[static_cast<std::size_t>(i)].get();
      FAIL("an answer of the dead");
    } catch (const troupe::actor_down& down) {
      (down.fate() == troupe::call_fate::died_running ? running : waiting) += 1;
      CHECK((down.fate() == troupe::call_fate::died_running) == (i < 11));
    }
  }
  CHECK(running == 10);
  CHECK(waiting == 3);
}

TEST_CASE("a task hears of the death of whom it waits for") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  auto caught = works.ask<&worker::catches>();
  wait_for_waiting(doors, 1);
  doors.kill();
  CHECK(caught.get() == "actor_down");
}

TEST_CASE("an asker that dies leaves the tasks that it had asked for") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  const auto asker = system.spawn<worker>(doors);  // whose task is another actor's asker
  (void)asker.ask<&worker::begun>().get();
  const auto between = system.spawn<proxy>();
  auto lost = between.ask<&proxy::pass>(works, 3);
  wait_for_waiting(doors, 1);
  between.kill();
  CHECK_THROWS_AS(lost.get(), troupe::actor_down);
  doors.tell<&gate::open>(3);
  works.stop();
  CHECK(works.join().ok());
}

TEST_CASE("a stop lets the tasks in flight come to their end") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  auto one = works.ask<&worker::pass>(1), two = works.ask<&worker::pass>(2);
  wait_for_waiting(doors, 2);
  works.stop();
  CHECK_FALSE(works.join_for(50ms));
  doors.tell<&gate::open>(2);
  doors.tell<&gate::open>(1);
  CHECK(one.get() == 10);
  CHECK(two.get() == 20);
  CHECK(works.join().ok());
}

TEST_CASE("a stop lets the tasks of others come to their end too") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  const auto between = system.spawn<proxy>();
  auto answer = between.ask<&proxy::pass>(works, 3);
  wait_for_waiting(doors, 1);
  works.stop();
  CHECK_FALSE(works.join_for(50ms));
  doors.tell<&gate::open>(3);
  CHECK(answer.get() == 30);
  CHECK(works.join().ok());
}

TEST_CASE("the end of the system kills tasks that do not come to their end", "[one_machine]") {
  auto system = std::make_unique<troupe::actor_system>();
  const auto [doors, works] = set_up(*system);
  auto one = works.ask<&worker::sleeps_long>();
  CHECK(works.ask<&worker::at_once>().get() == 5);
  const auto report = system->stop(50ms);
  CHECK_FALSE(report.killed.empty());
  CHECK_THROWS_AS(one.get(), troupe::error);
}

TEST_CASE("what a task sends leaves at its next suspension, and not where it dies before") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  works.tell<&worker::notes_and_dies>();
  CHECK(works.join().kind == troupe::exit_kind::signal);
  CHECK(doors.ask<&gate::notes>().get() == "ab");
}

TEST_CASE("what is handled behind a task in flight keeps its room in the mailbox until that is finished",
          "[one_machine]") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system, {.mailbox_messages = 8});
  auto slow = works.ask<&worker::pass>(1);
  wait_for_waiting(doors, 1);
  for (int i = 0; i < 7; ++i) REQUIRE(works.try_tell<&worker::pass_on>());
  while (doors.ask<&gate::notes>().get() != "xxxxxxx") std::this_thread::yield();
  CHECK_FALSE(works.try_tell<&worker::pass_on>());
  doors.tell<&gate::open>(1);
  CHECK(slow.get() == 10);
  works.tell<&worker::pass_on>();  // now there is room
  CHECK(works.ask<&worker::begun>().get() == 1);
}

TEST_CASE("a long task does not keep those behind it from their answers") {
  troupe::actor_system system;
  const auto [doors, works] = set_up(system);
  auto slow = works.ask<&worker::pass>(1);
  wait_for_waiting(doors, 1);
  for (int i = 0; i < 3000; ++i) REQUIRE(works.ask<&worker::at_once>().get() == 5);
  doors.tell<&gate::open>(1);
  CHECK(slow.get() == 10);
  for (int i = 0; i < 30'000; ++i)
    works.tell<&worker::ordinary>();  // more than a mailbox: the marks have moved on
  CHECK(works.ask<&worker::order>().get().size() == 30'001);
}
