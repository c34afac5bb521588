// Actors that are started again: what is kept, what is told, and when it ends.
#include <troupe/troupe.hpp>

#include "support/early_deaths.hpp"
#include "support/processes.hpp"
#include "support/range.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <map>
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
  troupe::task<> wait_aside() { co_await troupe::this_actor::sleep(1h); }

 private:
  troupe::actor<witness> to_;
  int sum_ = 0;
};

/// Has its sum in checkpoints.
class saver {
 public:
  explicit saver(troupe::actor<witness> to)
      : to_{std::move(to)}, sum_{troupe::this_actor::restored<std::int64_t>().value_or(0)} {}
  void add(int n) {
    sum_ += n;
    troupe::this_actor::checkpoint(sum_);
    to_.tell<&witness::saw>(n, 0);
  }
  void add_and_die(int n) {
    add(n);
    ::raise(SIGKILL);
  }
  std::int64_t total() const { return sum_; }

 private:
  troupe::actor<witness> to_;
  std::int64_t sum_;
};

/// Has all that it was told in a checkpoint that it extends, and begins anew now and then.
class diary {
 public:
  diary() {
    const auto saved = troupe::this_actor::restored_parts();
    troupe::unpacker from{saved};
    while (from.has_more()) lines_.push_back(from.next<std::string>());
  }
  void add(const std::string& line) {
    lines_.push_back(line);
    if (lines_.size() % 50 == 0) {
      troupe::this_actor::checkpoint(lines_.front());
      for (std::size_t i = 1; i < lines_.size(); ++i) troupe::this_actor::extend_checkpoint(lines_[i]);
    } else {
      troupe::this_actor::extend_checkpoint(line);
    }
  }
  void add_and_die(const std::string& line) {
    add(line);
    ::raise(SIGKILL);
  }
  void begin_anew(const std::string& line) {
    lines_ = std::vector{line};
    troupe::this_actor::checkpoint(line);
  }
  std::vector<std::string> lines() const { return lines_; }
  int pid() const { return troupe::this_actor::pid(); }

 private:
  std::vector<std::string> lines_;
};

class relay {
 public:
  explicit relay(troupe::actor<fragile> to) : to_{std::move(to)} {}
  void pass(int n) { to_.tell<&fragile::note>(n); }

 private:
  troupe::actor<fragile> to_;
};

void send_and_end(troupe::actor<fragile> to, int count) {
  for (int n = 0; n < count; ++n) to.tell<&fragile::note>(n);
}
void send_and_die(troupe::actor<fragile> to, int count) {
  send_and_end(std::move(to), count);
  ::raise(SIGKILL);
}

const bool dies_early = support::die_early();

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
    CHECK(before.wait_for(1min));
    CHECK(before.incarnation() == static_cast<unsigned>(round));
    CHECK(before.get() == round);
    try {
      dies.get();
      FAIL("a killed handler has answered");
    } catch (const troupe::actor_down& down) {
      CHECK(down.fate() == troupe::call_fate::died_running);
      CHECK(down.status().code == SIGKILL);
      CHECK(down.status().incarnation == static_cast<unsigned>(round));
    }
    CHECK(after.wait_for(1min));
    CHECK(after.incarnation() == static_cast<unsigned>(round) + 1);
    CHECK(after.get() == round + 1000);
  }
  // Nothing of a turn that did not come to its end.
  CHECK(support::wait_until([&] { return test.to.ask<&witness::count>().get() == 100; }));
  for (const auto& each : test.to.ask<&witness::seen>().get()) CHECK(each.n != -1);
}

TEST_CASE("what was handled behind a message that was not at its end is not handled again") {
  pair_of_actors test;
  for (int round = 0; round < 10; ++round) {
    auto aside = test.from.ask<&fragile::wait_aside>();
    CHECK(test.from.ask<&fragile::note_and_answer>(3 * round).get() == 3 * round);
    CHECK(test.from.ask<&fragile::note_and_answer>(3 * round + 1).get() == 3 * round + 1);
    test.from.kill();
    CHECK_THROWS_AS(aside.get(), troupe::actor_down);
    CHECK(test.from.ask<&fragile::note_and_answer>(3 * round + 2).get() == 3 * round + 2);
  }
  const auto seen = [&] { return test.to.ask<&witness::seen>().get(); };
  CHECK(support::wait_until([&] { return !seen().empty() && seen().back().n == 29; }));
  std::vector<int> numbers;
  for (const auto& each : seen()) numbers.push_back(each.n);
  CHECK(numbers == support::range(30));
}

TEST_CASE("each restart waits longer than the one before") {
  pair_of_actors test{
      1,
      {.when = troupe::restart::on_crash, .most = 10, .within = 60s, .delay = 400ms, .longest_delay = 10s}};
  const auto before = std::chrono::steady_clock::now();
  for (int times = 0; times < 4; ++times) test.kill_and_see_it_back();
  // Each give or take a fifth.
  CHECK(std::chrono::steady_clock::now() - before >= (400ms + 800ms + 1600ms + 3200ms) * 4 / 5);
}

TEST_CASE("a message is tried again as often as it may be") {
  pair_of_actors three{3};
  CHECK(three.from.ask<&fragile::die_at_first>().get() == "attempt 3");
  CHECK(three.from.ask<&fragile::incarnation>().get() == 2);
  pair_of_actors two{2};
  CHECK_THROWS_AS(two.from.ask<&fragile::die_at_first>().get(), troupe::actor_down);
  CHECK(two.from.ask<&fragile::incarnation>().get() == 2);
}

TEST_CASE("a process that dies before it has entered is one more death, and nothing is lost by it") {
  const support::early_deaths deaths;
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto to = system.spawn<witness>();
  const auto from = system.spawn<fragile>({.start = troupe::start_method::spawn, .restart = on_crash}, to);
  for (int round = 0; round < 3; ++round) {
    auto stuck = from.ask<&fragile::wait_for_long>();
    REQUIRE(support::wait_until([&] { return stuck.running(); }));
    auto behind = from.ask<&fragile::note_and_answer>(round);
    deaths.come(3);
    from.kill();
    CHECK_THROWS_AS(stuck.get(), troupe::actor_down);
    CHECK(behind.get() == round);
    CHECK(deaths.left() == 0);
  }
  CHECK(from.ask<&fragile::incarnation>().get() == 12);
  CHECK(support::wait_until([&] { return to.ask<&witness::count>().get() == 3; }));
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

TEST_CASE("a process that has not been sent anything yet can be stopped like the one before it",
          "[one_machine]") {
  pair_of_actors test;
  CHECK(test.from.ask<&fragile::add>(1).get() == 1);
  test.from.kill();
  CHECK(support::wait_until([&] { return test.system.tree().owns.back().actor.incarnation == 1; }));
  CHECK(support::wait_until([&] { return test.system.tree().owns.back().actor.pid != 0; }));
  test.from.stop();
  CHECK(test.from.join().ok());
}

TEST_CASE("an exception, too, is a crash") {
  pair_of_actors test;
  test.from.tell<&fragile::fail>();
  CHECK(test.from.ask<&fragile::incarnation>().get() == 1);
}

TEST_CASE("large messages wait for the next process") {
  pair_of_actors test;
  const std::vector<double> large(1 << 15, 1.0);  // travels beside the journal, and two fit the mailbox
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

TEST_CASE("what a sender had sent before its end waits for the next process, and its end behind it") {
  for (int round = 0; round < 20; ++round) {
    pair_of_actors test;
    auto stuck = test.from.ask<&fragile::wait_for_long>();
    REQUIRE(support::wait_until([&] { return stuck.running(); }));
    test.system.spawn<send_and_end>(test.from, 500).join();
    if (round % 2 == 0) test.system.spawn<send_and_die>(test.from, 500).join();
    test.from.kill();
    CHECK_THROWS_AS(stuck.get(), troupe::actor_down);
    const std::size_t all = round % 2 == 0 ? 1000 : 500;
    CHECK(support::wait_until([&] { return test.to.ask<&witness::count>().get() == static_cast<int>(all); }));
    // And in the middle of them.
    test.system.spawn<send_and_end>(test.from, 2000).join();
    test.from.kill();
    CHECK(support::wait_until(
        [&] { return test.to.ask<&witness::count>().get() >= static_cast<int>(all) + 1999; }));
  }
}

TEST_CASE("both ends of a channel may die again and again") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto to = system.spawn<witness>();
  const auto last = system.spawn<fragile>({.name = "last", .restart = on_crash, .max_attempts = 1000}, to);
  const auto first = system.spawn<relay>({.name = "first", .restart = on_crash, .max_attempts = 1000}, last);
  constexpr int count = 3000;
  std::thread sender{[&] {
    for (int n = 0; n < count; ++n) first.tell<&relay::pass>(n);
  }};
  for (int kills = 0; kills < 60; ++kills) {
    // In the middle of the work: each process has handled some of it.
    REQUIRE(support::wait_until([&] { return to.ask<&witness::count>().get() >= kills * count / 80; }));
    std::this_thread::sleep_for(std::chrono::microseconds{100 * (kills % 5)});
    if (kills % 3 != 0) first.kill();
    if (kills % 3 != 1) last.kill();
  }
  sender.join();
  CHECK(support::wait_until([&] { return to.ask<&witness::count>().get() >= count; }));
  std::map<int, int> times;
  std::vector<std::string> out_of_order;
  int last_seen = -1;
  for (const auto& each : to.ask<&witness::seen>().get()) {
    ++times[each.n];
    if (each.n <= last_seen)
      out_of_order.push_back(std::to_string(each.n) + " after " + std::to_string(last_seen));
    last_seen = each.n;
  }
  std::vector<int> lost, repeated;
  for (int n = 0; n < count; ++n) {
    if (times[n] == 0) lost.push_back(n);
    if (times[n] > 1) repeated.push_back(n);
  }
  CHECK(lost == std::vector<int>{});
  CHECK(repeated == std::vector<int>{});
  CHECK(out_of_order == std::vector<std::string>{});
}

TEST_CASE("a checkpoint is what the next process begins with, and is one with its turn") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto to = system.spawn<witness>();
  const auto sum = system.spawn<saver>({.restart = on_crash, .max_attempts = 1000}, to);
  std::int64_t expected = 0;
  std::thread sender{[&] {
    for (int n = 1; n <= 2000; ++n) sum.tell<&saver::add>(n);
  }};
  for (int n = 1; n <= 2000; ++n) expected += n;
  for (int kills = 0; kills < 50; ++kills) {
    // In the middle of the work: each process has saved something.
    REQUIRE(support::wait_until([&] { return to.ask<&witness::count>().get() >= 30 * kills; }));
    std::this_thread::sleep_for(std::chrono::microseconds{100 * (kills % 5)});
    sum.kill();
  }
  sender.join();
  CHECK(sum.ask<&saver::total>().get() == expected);
  CHECK(support::wait_until([&] { return to.ask<&witness::count>().get() == 2000; }));
}

TEST_CASE("a checkpoint of a turn that does not come to its end is none") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto sum = system.spawn<saver>({.restart = on_crash}, system.spawn<witness>());
  sum.tell<&saver::add>(5);
  for (int round = 0; round < 3; ++round) {
    CHECK_THROWS_AS(sum.ask<&saver::add_and_die>(7).get(), troupe::actor_down);
    for (int turn = 0; turn <= round; ++turn)  // each commit chooses another of the page's copies
      CHECK(sum.ask<&saver::total>().get() == 5);
  }
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

TEST_CASE("a checkpoint that is extended counts with the turn, part by part, and is as long as need be") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto book = system.spawn<diary>({.restart = on_crash});
  std::vector<std::string> expected;
  for (int n = 0; n < 170; ++n) {
    expected.push_back(std::to_string(n) + std::string(static_cast<std::size_t>(n) * 100, 'x'));
    book.tell<&diary::add>(expected.back());
    if (n % 40 == 9)
      book.tell<&diary::add_and_die>("not to be seen");  // 49 lies behind one: the next begins anew
  }
  CHECK((book.ask<&diary::lines>().get() == expected));
}

TEST_CASE("a checkpoint may be large, and its memory is given back when it is small again") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto book = system.spawn<diary>({.restart = on_crash});
  constexpr std::size_t large = 40'000'000;
  book.tell<&diary::add>(std::string(large, 'l'));
  book.tell<&diary::add_and_die>("not to be seen");
  book.tell<&diary::add>("short");
  REQUIRE(book.ask<&diary::lines>().get().size() == 2);
  for (int times = 0; times < 3; ++times) book.tell<&diary::begin_anew>("short");
#if !defined(__SANITIZE_ADDRESS__)  // which keeps what has been freed, on purpose
  CHECK(support::resident_bytes_of(book.ask<&diary::pid>().get()) < large);
#endif
  book.tell<&diary::add_and_die>("not to be seen");
  CHECK((book.ask<&diary::lines>().get() == std::vector<std::string>{"short"}));
}
