// Messages that were accepted and that nobody will handle.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

using namespace std::chrono_literals;

namespace {

class ledger {
 public:
  void book(int amount, std::string_view to) { booked_ += amount + static_cast<int>(to.size()); }
  void measure(std::span<const double> values) { booked_ += static_cast<int>(values.size()); }
  void keep(const std::vector<char>& bytes) { booked_ += static_cast<int>(bytes.size()); }
  int booked() const { return booked_; }
  void wait_for_long() { std::this_thread::sleep_for(60s); }
  void die() { ::raise(SIGKILL); }
  int die_answering() {
    ::raise(SIGSEGV);
    return 0;
  }

 private:
  int booked_ = 0;
};

// A handler that is a function.
void audit(ledger& which, int amount, std::string_view by) { which.book(-amount, by); }

void send_and_end(troupe::actor<ledger> to, int count) {
  for (int n = 0; n < count; ++n) to.tell<&ledger::book>(n, "sent");
}
void send_and_die(troupe::actor<ledger> to, int count) {
  send_and_end(std::move(to), count);
  ::raise(SIGKILL);
}

const troupe::restart_policy on_crash{
    .when = troupe::restart::on_crash, .most = 100, .within = 60s, .delay = 1ms};

/// Until the system has told of so many.
std::vector<troupe::dead_letter> letters_of(const troupe::actor_system& system, std::size_t count) {
  CHECK(support::wait_until([&] { return system.dead_letters().size() >= count; }));
  return system.dead_letters();
}

/// A ledger that is busy for good.
struct stuck_ledger {
  troupe::actor_system system{{.output = troupe::output::discard}};
  troupe::actor<ledger> actor;
  troupe::future<void> busy;
  explicit stuck_ledger(const troupe::spawn_options& options = {})
      : actor{system.spawn<ledger>(options)}, busy{actor.ask<&ledger::wait_for_long>()} {
    REQUIRE(support::wait_until([&] { return busy.running(); }));
  }
};

}  // namespace

TEST_CASE("what a dead actor had not read is dead letters, in order, with their arguments") {
  stuck_ledger test{{.name = "ledger"}};
  for (int n = 0; n < 100; ++n) test.actor.tell<&ledger::book>(n, "mill");
  const std::vector<double> values{1, 2, 3};
  test.actor.tell<&ledger::measure>(values);
  test.actor.kill();
  const auto letters = letters_of(test.system, 102);
  REQUIRE(letters.size() == 102);
  CHECK(letters[0].is<&ledger::wait_for_long>());  // this one it died over
  CHECK(letters[0].fate == troupe::call_fate::died_running);
  CHECK(letters[0].attempts == 1);
  CHECK(letters[0].was_asked);
  for (int n = 0; n < 100; ++n) {
    const auto& letter = letters[static_cast<std::size_t>(n) + 1];
    REQUIRE(letter.is<&ledger::book>());
    CHECK_FALSE(letter.is<&ledger::die>());
    CHECK(letter.arguments<&ledger::book>() == std::tuple{n, std::string{"mill"}});
    CHECK(letter.fate == troupe::call_fate::not_started);
    CHECK(letter.attempts == 0);
    CHECK_FALSE(letter.was_asked);
  }
  CHECK(letters[101].arguments<&ledger::measure>() == std::tuple{values});
  CHECK_THROWS_AS(letters[101].arguments<&ledger::book>(), troupe::malformed_message);
  CHECK(letters[1].number == letters[0].number + 1);
  CHECK(letters[1].actor == "ledger");
  CHECK(letters[1].sender.empty());
  CHECK(letters[1].method == "ledger::book");
  CHECK(letters[1].cause.code == SIGKILL);
}

TEST_CASE(
    "a handler that is a function is known by its actor's class, and its arguments do not have the actor") {
  stuck_ledger test;
  test.actor.tell<&audit>(7, "anna");
  test.actor.kill();
  const auto letters = letters_of(test.system, 2);
  REQUIRE(letters.size() == 2);
  REQUIRE(letters[1].is<ledger, &audit>());
  CHECK(letters[1].arguments<ledger, &audit>() == std::tuple{7, std::string{"anna"}});
  CHECK_FALSE(letters[0].is<ledger, &audit>());
}

TEST_CASE("who asked and was not begun is told, and there is no dead letter of it") {
  stuck_ledger test;
  auto asked = test.actor.ask<&ledger::booked>();
  test.actor.tell<&ledger::book>(1, "");
  test.actor.kill();
  CHECK_THROWS_AS(asked.get(), troupe::actor_down);
  const auto letters = letters_of(test.system, 2);
  CHECK(letters.size() == 2);
  CHECK(letters.back().is<&ledger::book>());
}

TEST_CASE(
    "a message that was begun as often as it may be is a dead letter once, and those behind it are none") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto actor = system.spawn<ledger>({.name = "ledger", .restart = on_crash, .max_attempts = 3});
  for (int round = 0; round < 5; ++round) {
    actor.tell<&ledger::die>();
    for (int n = 0; n < 50; ++n) actor.tell<&ledger::book>(1, "");
  }
  CHECK_THROWS_AS(actor.ask<&ledger::die_answering>().get(), troupe::actor_down);
  CHECK(actor.ask<&ledger::booked>().get() == 0);  // of the last process
  const auto letters = letters_of(system, 6);
  CHECK(letters.size() == 6);
  for (std::size_t i = 0; i < letters.size(); ++i) {
    CHECK(letters[i].attempts == 3);
    CHECK(letters[i].fate == troupe::call_fate::died_running);
    CHECK(letters[i].was_asked == (i == 5));
    CHECK(letters[i].cause.code == (i == 5 ? SIGSEGV : SIGKILL));
    CHECK(letters[i].cause.incarnation == 3 * i + 2);
  }
  actor.kill();
  actor.join_for(10ms);
  CHECK(actor.ask<&ledger::booked>().get() == 0);
  CHECK(system.dead_letters().size() == 6);
}

TEST_CASE("senders that are gone have dead letters too") {
  stuck_ledger test{{.name = "ledger", .restart = on_crash}};
  test.system.spawn<send_and_end>({.name = "ended"}, test.actor, 20).join();
  test.system.spawn<send_and_die>({.name = "killed"}, test.actor, 20).join();
  test.actor.stop();
  test.actor.kill();
  test.actor.join();
  const auto letters = letters_of(test.system, 41);
  CHECK(letters.size() == 41);
  int of_ended = 0, of_killed = 0;
  for (const auto& letter : letters) {
    if (letter.sender == "ended") CHECK(std::get<0>(letter.arguments<&ledger::book>()) == of_ended++);
    if (letter.sender == "killed") CHECK(std::get<0>(letter.arguments<&ledger::book>()) == of_killed++);
  }
  CHECK(of_ended == 20);
  CHECK(of_killed == 20);
}

TEST_CASE("a callback is told of each dead letter") {
  std::mutex mutex;
  std::vector<int> amounts;
  stuck_ledger test;
  test.system.on_dead_letter([&](const troupe::dead_letter& letter) {
    const std::lock_guard lock{mutex};
    if (letter.is<&ledger::book>()) amounts.push_back(std::get<0>(letter.arguments<&ledger::book>()));
  });
  for (int n = 0; n < 10; ++n) test.actor.tell<&ledger::book>(n, "");
  test.actor.kill();
  CHECK(support::wait_until([&] {
    const std::lock_guard lock{mutex};
    return amounts == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  }));
  test.system.on_dead_letter({});
}

TEST_CASE("what is too large to be kept is told without its arguments, and of one mailbox a thousand") {
  stuck_ledger test{{.mailbox_bytes = std::size_t{8} << 20}};
  test.actor.tell<&ledger::keep>(std::vector<char>(20'000, 'x'));
  test.actor.tell<&ledger::keep>(std::vector<char>(200'000, 'x'));
  test.actor.kill();
  auto letters = letters_of(test.system, 3);
  REQUIRE(letters.size() == 3);
  CHECK(letters[1].size > 20'000);
  CHECK(letters[2].size > 200'000);
  CHECK(letters[1].bytes.empty());
  CHECK_THROWS_AS(letters[1].arguments<&ledger::keep>(), troupe::malformed_message);

  const auto other = test.system.spawn<ledger>();
  auto busy = other.ask<&ledger::wait_for_long>();
  REQUIRE(support::wait_until([&] { return busy.running(); }));
  for (int n = 0; n < 3000; ++n) other.tell<&ledger::book>(n, "");
  other.kill();
  CHECK_THROWS_AS(busy.get(), troupe::actor_down);
  CHECK(support::wait_until([&] { return test.system.dead_letters().back().number == 1003; }));
  letters = test.system.dead_letters();  // the last thousand of all
  REQUIRE(letters.size() == 1000);
  CHECK(letters.front().is<&ledger::wait_for_long>());
  CHECK(std::get<0>(letters.back().arguments<&ledger::book>()) == 998);
  CHECK(test.system.spawn<ledger>().ask<&ledger::die_answering>().exception());
  CHECK(support::wait_until(
      [&] { return test.system.dead_letters().back().number == 3005; }));  // 2,001 were left out
}

TEST_CASE("a system's end gives back what nobody had read") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto actor = system.spawn<ledger>({.name = "ledger"});
  const auto quiet = system.spawn<ledger>();
  auto busy = actor.ask<&ledger::wait_for_long>();
  REQUIRE(support::wait_until([&] { return busy.running(); }));
  for (int n = 0; n < 10; ++n) {
    actor.tell<&ledger::book>(n, "");
    quiet.tell<&ledger::book>(n, "");  // these are handled
  }
  const auto report = system.stop(50ms);
  REQUIRE(report.unhandled.size() == 11);
  for (int n = 0; n < 10; ++n)
    CHECK(std::get<0>(report.unhandled[static_cast<std::size_t>(n) + 1].arguments<&ledger::book>()) == n);
  CHECK(system.dead_letters().size() == 11);
}

TEST_CASE("an actor that ends in good order has read everything that its owner sent") {
  troupe::actor_system system;
  const auto actor = system.spawn<ledger>();
  for (int n = 0; n < 1000; ++n) actor.tell<&ledger::book>(1, "");
  actor.stop();
  CHECK(actor.join().ok());
  CHECK(system.stop().unhandled.empty());
}
