// What a caller learns when an actor dies, in every phase of a call.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

// Seen from other files, so that a backtrace can name it; too many calls deep to be cut off.
[[gnu::noinline, gnu::no_sanitize("address", "undefined")]] int fall(int depth, int* where) {
  if (depth == 0) return *where = 1;
  return fall(depth - 1, where) + 1;
}
[[gnu::noinline, gnu::no_sanitize("address", "undefined")]] int fall_for_ever(const int* never) {
  volatile char room[512] = {};  // so that it needs its stack
  if (*never != 0) return 0;
  const int deeper = fall_for_ever(never);
  return deeper + room[1];
}

namespace {

class victim {
 public:
  int echo(int value) { return value; }
  void say(int descriptor) { descriptor_ = descriptor; }
  void die(int signal) { ::raise(signal); }
  int die_running() { std::abort(); }
  int fall(int depth) { return ::fall(depth, nothing_); }
  int overflow() { return ::fall_for_ever(&answers_); }
  void handle_it_itself() {
    ::signal(SIGSEGV, [](int) { ::_exit(7); });
    ::fall(0, nothing_);
  }
  void wait() { ::pause(); }
  int wait_long() { return ::pause(); }
  std::vector<char> large(std::size_t size) { return std::vector<char>(size, 'x'); }

 private:
  int descriptor_ = -1;
  int* nothing_ = nullptr;
  int answers_ = 0;
};

enum class misdeed { close_descriptors, leave, free_twice, ignore_signals };

std::string surroundings() {
  const auto mask = ::umask(0);
  ::umask(mask);
  return std::to_string(mask) + " " + std::filesystem::current_path().string() + " " +
         (std::getenv("TROUPE_VANDAL") == nullptr ? "" : "marked");
}

/// What is its process's own.
class vandal {
 public:
  void do_it(misdeed what) {
    switch (what) {
      case misdeed::close_descriptors:
        for (int number = 0; number < 64; ++number) ::close(number);
        break;
      case misdeed::leave:
        ::umask(0777);
        std::filesystem::current_path("/");
        ::setenv("TROUPE_VANDAL", "1", 1);
        break;
      case misdeed::free_twice: free_twice(); break;
      case misdeed::ignore_signals:
        for (const int number : {SIGCHLD, SIGTERM, SIGPIPE, SIGSEGV}) ::signal(number, SIG_IGN);
        break;
    }
  }
  std::string looks_around() { return surroundings(); }

 private:
  [[gnu::no_sanitize("address")]] static void free_twice() {
    void* volatile memory = std::malloc(100);
    void* volatile same = memory;
    std::free(memory);
    std::free(same);
  }
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

TEST_CASE("whatever an actor does to its own process is nobody else's") {
  const auto what =
      GENERATE(misdeed::close_descriptors, misdeed::leave, misdeed::free_twice, misdeed::ignore_signals);
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto witness = system.spawn<victim>();
  const auto before = surroundings();
  const auto actor = system.spawn<vandal>();
  actor.tell<&vandal::do_it>(what);
  for (int n = 0; n < 1000; ++n) REQUIRE(witness.ask<&victim::echo>(n).get() == n);
  if (what == misdeed::free_twice) CHECK_FALSE(actor.join().ok());
  actor.kill();
  (void)actor.join();
  CHECK(surroundings() == before);
  CHECK(system.spawn<vandal>().ask<&vandal::looks_around>().get() == before);
}

TEST_CASE("a crash says where it was") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto backtrace_of = [&](auto asked) {
    const auto down = down_from(asked);
    REQUIRE(down);
    CAPTURE(down->status().backtrace);
    CHECK(down->status().kind == troupe::exit_kind::signal);
    return down->status().backtrace;
  };
  const auto names = [](const std::vector<std::string>& lines, const std::string& what) {
    return std::count_if(lines.begin(), lines.end(),
                         [&](const std::string& line) { return line.find(what) != std::string::npos; });
  };
#if defined(__SANITIZE_ADDRESS__)
  constexpr bool has_own_handlers = true;  // only those that it was told to leave
#else
  constexpr bool has_own_handlers = false;
#endif
  const auto fallen = backtrace_of(system.spawn<victim>().ask<&victim::fall>(3));
  if (has_own_handlers && fallen.empty()) {
    WARN("not run: the sanitizer handles the signals");
    return;
  }
  REQUIRE_FALSE(fallen.empty());
  CHECK(fallen.front().find("(fall(int, int*)+0x") != std::string::npos);
  CHECK(fallen.size() > 2);
  CHECK(names(backtrace_of(system.spawn<victim>().ask<&victim::die_running>()), "abort") > 0);
  const auto deep = backtrace_of(system.spawn<victim>().ask<&victim::overflow>());
  CHECK(deep.size() == 32);
  CHECK(names(deep, "fall_for_ever(int const*)") >= 30);
}

TEST_CASE("who is killed from outside, or sees to the signal itself, has no backtrace") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto killed = system.spawn<victim>();
  killed.kill();
  CHECK(killed.join().backtrace.empty());
  const auto handles = system.spawn<victim>();
  handles.tell<&victim::handle_it_itself>();
  CHECK(handles.join().code == 7);
  CHECK(handles.join().backtrace.empty());
}

TEST_CASE("a backtrace is of the last process, and one that has no crash of its own has none") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto actor = system.spawn<victim>({.restart = {.when = troupe::restart::on_crash}});
  auto first = actor.ask<&victim::fall>(1);
  CHECK(down_from(first));
  auto waits = actor.ask<&victim::wait_long>();
  REQUIRE(support::wait_until([&] { return waits.running(); }));
  actor.kill();
  const auto down = down_from(waits);
  REQUIRE(down);
  CHECK(down->status().incarnation == 1);
  CHECK(down->status().backtrace.empty());
}
