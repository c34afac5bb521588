#include <troupe/pool.hpp>
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "actors/pool/bell.hpp"
#include "support/processes.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }
std::string join_words(std::string_view first, const std::string& second, int count) {
  return std::string{first} + second + std::to_string(count);
}
void fail(const std::string& why) { throw std::invalid_argument{why}; }
int wait_for(troupe::queue<int> gate) { return gate.get().value(); }
int for_ever() {
  for (;;) ::pause();
}
int ring_and_work(const troupe::actor<tests::bell>& at) {
  at.ask<&tests::bell::ring>(1).get();
  std::this_thread::sleep_for(20ms);
  return 9;
}

class adder {
 public:
  int add(int a, int b) { return a + b; }
};

}  // namespace

TEST_CASE("calls with any number of parameters are answered, or end in what they threw") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  auto sum = pool.submit<add>(1, 2L);
  auto text = pool.submit<join_words>("a", "b", 3);
  auto constant = pool.submit([] { return 7; });
  auto product = pool.submit([](int a, int b) { return a * b; }, 6, 7);
  auto nothing = pool.submit<fail>("no");
  CHECK(sum.get() == 3);
  CHECK(text.get() == "ab3");
  CHECK(constant.get() == 7);
  CHECK(product.get() == 42);
  CHECK_THROWS_AS(nothing.get(), std::invalid_argument);
}

TEST_CASE("ten thousand tiny calls are all answered, each with its own result") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  std::vector<troupe::future<int>> all;
  for (int n = 0; n < 10'000; ++n) all.push_back(pool.submit<add>(n, 1));
  int right = 0;
  for (int n = 0; n < 10'000; ++n) right += all[static_cast<std::size_t>(n)].get() == n + 1 ? 1 : 0;
  CHECK(right == 10'000);
}

TEST_CASE("calls get on when nobody waits for them") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  auto seen = system.make_queue<int>();
  for (int n = 0; n < 50; ++n) {
    (void)pool.submit([](troupe::queue<int> to, int what) { to.put(what); }, seen, n);
  }
  int sum = 0;
  for (int n = 0; n < 50; ++n) sum += seen.get_for(20s).value();
  CHECK(sum == 49 * 50 / 2);

  std::atomic<int> called = 0;
  for (int n = 0; n < 50; ++n)
    pool.submit<add>(n, 0).then([&](troupe::future<int> answer) { called += answer.get(); });
  CHECK(support::wait_until([&] { return called == 49 * 50 / 2; }));
}

TEST_CASE("a long call holds up none but its worker") {
  troupe::actor_system system;
  auto gate = system.make_queue<int>();
  troupe::pool pool{system, {.workers = 2}};
  auto late = pool.submit<wait_for>(gate);
  std::vector<troupe::future<int>> quick;
  for (int n = 0; n < 100; ++n) quick.push_back(pool.submit<add>(n, 0));
  for (auto& each : quick) (void)each.get();
  CHECK(!late.ready());
  gate.put(5);
  CHECK(late.get() == 5);
}

TEST_CASE("answers of calls and of asks are waited for together, as they come") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  auto gate = system.make_queue<int>();
  const auto other = system.spawn<adder>();
  std::vector<troupe::future<int>> mixed;
  mixed.push_back(pool.submit<wait_for>(gate));
  for (int n = 0; n < 20; ++n) {
    mixed.push_back(pool.submit<add>(n, 100));
    mixed.push_back(other.ask<&adder::add>(n, 1000));
  }
  int sum = 0;
  std::size_t count = 0;
  for (auto& done : troupe::as_completed(mixed)) {
    sum += done.get();
    if (++count == 40) gate.put(1'000'000);
  }
  CHECK(count == 41);
  CHECK(sum == 1'000'000 + 2 * 190 + 20 * 1100);
  CHECK(!troupe::wait_any(mixed));
}

TEST_CASE("a wait with a limit ends, and the answer can be waited for again") {
  troupe::actor_system system;
  auto gate = system.make_queue<int>();
  troupe::pool pool{system, {.workers = 1}};
  auto first = pool.submit<wait_for>(gate);
  auto second = pool.submit<add>(1, 1);
  CHECK(!second.wait_for(10ms));
  CHECK_THROWS_AS(second.get(1ms), troupe::timeout);
  gate.put(3);
  CHECK(second.get() == 2);
  CHECK(first.get() == 3);
}

TEST_CASE("a closed pool takes no new work, and finishes what it has") {
  troupe::actor_system system;
  auto gate = system.make_queue<int>();
  troupe::pool pool{system, {.workers = 1}};
  auto running = pool.submit<wait_for>(gate);
  auto waiting = pool.submit<add>(1, 1);
  pool.close();
  CHECK_THROWS_AS(pool.submit<add>(1, 1), troupe::pool_closed);
  CHECK_THROWS_AS(pool.map([](int n) { return n; }, std::vector<int>{1}), troupe::pool_closed);
  CHECK_THROWS_AS(pool.imap([](int n) { return n; }, std::vector<int>{1}), troupe::pool_closed);
  gate.put(1);
  CHECK(running.get() == 1);
  CHECK(waiting.get() == 2);
}

TEST_CASE("when the pool goes, every call that is left ends with an error") {
  troupe::actor_system system;
  troupe::future<int> running;
  std::vector<troupe::future<int>> waiting;
  std::atomic<int> told = 0;
  {
    troupe::pool pool{system, {.workers = 1, .grace = 50ms}};
    running = pool.submit<for_ever>();
    for (int n = 0; n < 10; ++n) waiting.push_back(pool.submit<add>(n, n));
    pool.submit<add>(1, 1).then([&](troupe::future<int> answer) { told += answer.exception() ? 1 : 100; });
  }
  CHECK_THROWS_AS(running.get(), troupe::actor_down);
  for (auto& each : waiting) CHECK_THROWS_AS(each.get(), troupe::pool_closed);
  CHECK(support::wait_until([&] { return told == 1; }));
}

TEST_CASE("short work that is running when the pool goes is finished") {
  troupe::actor_system system;
  const auto begun = system.spawn<tests::bell>();
  troupe::future<int> running;
  {
    troupe::pool pool{system, {.workers = 1}};
    running = pool.submit<ring_and_work>(begun);
    (void)begun.ask<&tests::bell::heard>().get();
  }
  CHECK(running.get() == 9);
}

TEST_CASE("calls end with an error when the system is stopped under them", "[one_machine]") {
  troupe::actor_system system;
  const auto begun = system.spawn<tests::bell>();
  troupe::pool pool{system, {.workers = 1}};
  auto running = pool.submit<tests::ring_for_ever>(begun);
  auto waiting = pool.submit<add>(1, 1);
  (void)begun.ask<&tests::bell::heard>().get();
  std::thread stopper{[&] { system.stop(50ms); }};
  CHECK_THROWS_AS(waiting.get(), troupe::error);
  CHECK_THROWS_AS(running.get(), troupe::error);
  stopper.join();
  CHECK_THROWS_AS(pool.submit<add>(1, 1).get(), troupe::system_stopped);
  CHECK_THROWS_AS(pool.map([](int n) { return n; }, std::vector<int>{1}), troupe::system_stopped);
  CHECK_THROWS_AS(pool.workers(), troupe::system_stopped);
}
