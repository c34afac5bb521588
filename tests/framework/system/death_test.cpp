// What a caller learns when an actor dies, in every phase of a call.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <optional>
#include <signal.h>
#include <string>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

class victim {
 public:
  int echo(int value) { return value; }
  void say(int descriptor) { descriptor_ = descriptor; }
  void die(int signal) { ::raise(signal); }
  int die_running() { std::abort(); }
  void wait() { ::pause(); }
  int wait_long() { return ::pause(); }
  std::vector<char> large(std::size_t size) { return std::vector<char>(size, 'x'); }

 private:
  int descriptor_ = -1;
};

/// Encodes itself in part, then kills its process: a death half-way through a large answer.
struct half_an_answer {
  std::vector<char> first;
  template <class Archive>
  void save(Archive& archive) const {
    archive(first);
    if (++written == 2) ::raise(SIGKILL);  // the first time it is only measured
    archive(first);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(first, first);
  }
  static inline int written = 0;
};

class half_hearted {
 public:
  half_an_answer answer(std::size_t size) { return {std::vector<char>(size, 'h')}; }
};

template <class Result>
std::optional<troupe::actor_down> down_from(troupe::future<Result>& answer) {
  try {
    (void)answer.get();
  } catch (const troupe::actor_down& down) {
    return down;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("a question that its actor was answering when it died says so") {
  troupe::actor_system system;
  const auto actor = system.spawn<victim>({.name = "running"});
  auto answer = actor.ask<&victim::die_running>();
  const auto down = down_from(answer);
  REQUIRE(down);
  CHECK(down->fate() == troupe::call_fate::died_running);
  CHECK(down->actor() == "running");
  CHECK(down->status().code == SIGABRT);
  CHECK(std::string{down->what()}.find("running") != std::string::npos);
}

TEST_CASE("a question behind the one that killed the actor was not started") {
  troupe::actor_system system;
  const auto actor = system.spawn<victim>();
  auto running = actor.ask<&victim::wait_long>();
  auto waiting = actor.ask<&victim::echo>(1);
  auto large = actor.ask<&victim::large>(std::size_t{1});
  // Asleep in pause, with nothing left to read: the first question is being handled.
  REQUIRE(
      support::wait_until([&] { return support::state_of(actor.pid()) == 'S' && !running.wait_for(1ms); }));
  actor.kill();
  CHECK(down_from(waiting)->fate() == troupe::call_fate::not_started);
  CHECK(down_from(large)->fate() == troupe::call_fate::not_started);
  CHECK(down_from(running)->fate() == troupe::call_fate::died_running);
}

TEST_CASE("a question to an actor that has ended is refused at once") {
  troupe::actor_system system;
  const auto actor = system.spawn<victim>();
  REQUIRE(actor.ask<&victim::echo>(1).get() == 1);
  actor.kill();
  actor.join();
  try {
    (void)actor.ask<&victim::echo>(2);
    FAIL("asked");
  } catch (const troupe::actor_down& down) {
    CHECK(down.fate() == troupe::call_fate::gone);
    CHECK(down.status().code == SIGKILL);
  }
  CHECK_THROWS_AS(actor.tell<&victim::die>(9), troupe::actor_down);
  CHECK_THROWS_AS(actor.try_tell<&victim::die>(9), troupe::actor_down);
}

TEST_CASE("a question to an idle actor that is killed ends") {
  troupe::actor_system system;
  for (int round = 0; round < 20; ++round) {
    const auto actor = system.spawn<victim>();
    REQUIRE(actor.ask<&victim::echo>(round).get() == round);
    actor.kill();
    try {
      const int answered = actor.ask<&victim::echo>(1).get();  // it may have been faster
      CHECK(answered == 1);
    } catch (const troupe::actor_down& down) {
      CHECK(down.status().code == SIGKILL);
    }
    CHECK(actor.join().code == SIGKILL);
  }
}

TEST_CASE("a death half-way through writing a large answer ends the question") {
  troupe::actor_system system;
  const std::size_t size = GENERATE(100U, 20'000U, 8'000'000U);
  const auto actor = system.spawn<half_hearted>();
  auto answer = actor.ask<&half_hearted::answer>(size);
  const auto down = down_from(answer);
  REQUIRE(down);
  CHECK(down->fate() == troupe::call_fate::died_running);
  CHECK(down->status().code == SIGKILL);
}

TEST_CASE("an answer that was given before the death is an answer") {
  troupe::actor_system system;
  for (int round = 0; round < 20; ++round) {
    const auto actor = system.spawn<victim>();
    std::vector<troupe::future<int>> answers;
    for (int i = 0; i < 100; ++i) answers.push_back(actor.ask<&victim::echo>(i));
    actor.tell<&victim::die>(SIGKILL);
    for (int i = 0; i < 100; ++i) REQUIRE(answers[static_cast<std::size_t>(i)].get() == i);
    CHECK(actor.join().code == SIGKILL);
  }
}

TEST_CASE("killed at any moment of a busy conversation, every question ends") {
  troupe::actor_system system;
  for (int round = 0; round < 50; ++round) {
    const auto actor = system.spawn<victim>();
    std::vector<troupe::future<std::vector<char>>> answers;
    std::size_t ended = 0;
    try {
      for (int i = 0; i < 200; ++i) {
        answers.push_back(actor.ask<&victim::large>(static_cast<std::size_t>(i * 997 % 90'000)));
        if (i == round * 4) actor.kill();
      }
    } catch (const troupe::actor_down&) {
    }
    bool dead = false;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      try {
        const auto got = answers[i].get();
        CHECK_FALSE(dead);
        CHECK(got.size() == i * 997 % 90'000);
      } catch (const troupe::actor_down&) {
        dead = true;
      }
      ++ended;
    }
    CHECK(ended == answers.size());
  }
}

TEST_CASE("one actor's death is nobody else's") {
  troupe::actor_system system;
  const auto witness = system.spawn<victim>();
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGKILL}) {
    const auto actor = system.spawn<victim>();
    actor.tell<&victim::die>(signal);
    CHECK(witness.ask<&victim::echo>(signal).get() == signal);
    CHECK(actor.join().code == signal);
  }
}
