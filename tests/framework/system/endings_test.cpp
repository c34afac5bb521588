// How actors end, and what is told of it.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <iostream>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

struct own_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class mortal {
 public:
  mortal() = default;
  explicit mortal(bool fails) {
    if (fails) throw std::invalid_argument{"born badly"};
  }
  void leave(int code) { std::exit(code); }
  void abort() { std::abort(); }
  void raise(int signal) { ::raise(signal); }
  void fail(const std::string& text) { throw own_error{text}; }
  void fail_oddly() { throw 42; }  // NOLINT(hicpp-exception-baseclass)
  void complain(const std::string& text) { std::cerr << text; }
  void retire() { troupe::this_actor::stop(); }
  void wait() { ::pause(); }
  void ignore() {
    ::signal(SIGTERM, SIG_IGN);
    for (;;) ::pause();
  }
  /// Has a child more for each SIGTERM, and goes on.
  void breed() {
    ::signal(SIGTERM, [](int) {
      if (::fork() == 0)
        for (;;) ::pause();
    });
    for (;;) ::pause();
  }
  int answer() { return ++answers_; }
  int answers() const { return answers_; }

 private:
  int answers_ = 0;
};

int returns_something(int value) { return value; }
void exits(int code) { std::exit(code); }
void throws(std::string text) { throw own_error{text}; }
void waits_in_the_kernel() { ::pause(); }
void waits_to_be_asked_to_stop() {
  while (!troupe::this_actor::stop_requested()) ::usleep(1000);
}
void fails_after_the_stop() {
  waits_to_be_asked_to_stop();
  throw troupe::timeout{"the last thing took too long"};
}
void waits_in_the_library(troupe::actor<mortal> whom) { whom.join(); }

}  // namespace

TEST_CASE("a function that returns ends normally, whatever it returns") {
  troupe::actor_system system;
  const auto status = system.spawn<returns_something>(7).join();
  CHECK(status.kind == troupe::exit_kind::normal);
  CHECK(status.ok());
  CHECK(to_string(status) == "ended normally");
}

TEST_CASE("an exit code is told") {
  troupe::actor_system system;
  const auto status = system.spawn<exits>(3).join();
  CHECK(status.kind == troupe::exit_kind::code);
  CHECK(status.code == 3);
  CHECK(to_string(status) == "exit code 3");
  CHECK(system.spawn<exits>(0).join().ok());
  const auto actor = system.spawn<mortal>();
  actor.tell<&mortal::leave>(200);
  CHECK(actor.join().code == 200);
}

TEST_CASE("a signal is told by its number and name") {
  troupe::actor_system system;
  const int number = GENERATE(SIGKILL, SIGTERM, SIGSEGV, SIGUSR1);
  const auto actor = system.spawn<mortal>();
  actor.tell<&mortal::raise>(number);
  const auto status = actor.join();
  CHECK(status.kind == troupe::exit_kind::signal);
  CHECK(status.code == number);
  CHECK_FALSE(status.ok());
}

TEST_CASE("abort is SIGABRT") {
  troupe::actor_system system;
  const auto actor = system.spawn<mortal>();
  actor.tell<&mortal::abort>();
  CHECK(actor.join().code == SIGABRT);
}

TEST_CASE("an exception out of a constructor, a told handler or a function is the end, and told") {
  troupe::actor_system system;
  const auto born = system.spawn<mortal>(true).join();
  CHECK(born.kind == troupe::exit_kind::exception);
  CHECK(born.exception_type == "std::invalid_argument");
  CHECK(born.exception_text == "born badly");

  const auto actor = system.spawn<mortal>();
  actor.tell<&mortal::fail>("told");
  const auto told = actor.join();
  CHECK(told.kind == troupe::exit_kind::exception);
  CHECK(told.exception_type.find("own_error") != std::string::npos);
  CHECK(told.exception_text == "told");

  const auto function = system.spawn<throws>("called").join();
  CHECK(function.kind == troupe::exit_kind::exception);
  CHECK(function.exception_text == "called");

  const auto odd = system.spawn<mortal>();
  odd.tell<&mortal::fail_oddly>();
  CHECK(odd.join().kind == troupe::exit_kind::exception);
}

TEST_CASE("the last words on the standard error are kept") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto actor = system.spawn<mortal>();
  actor.tell<&mortal::complain>("first line\nand no end of line");
  actor.tell<&mortal::abort>();
  CHECK(actor.join().last_words == "first line\nand no end of line");

  const auto wordy = system.spawn<mortal>();
  wordy.tell<&mortal::complain>(std::string(100'000, 'x') + "END");
  wordy.tell<&mortal::abort>();
  const auto words = wordy.join().last_words;
  CHECK(words.size() <= 16 * 1024);
  CHECK(words.ends_with("xEND"));
}

TEST_CASE("the kernel's account of what a process used is passed on") {
  troupe::actor_system system;
  const auto actor = system.spawn<mortal>();
  for (int i = 0; i < 5; ++i) (void)actor.ask<&mortal::answer>().get();
  actor.stop();
  const auto status = actor.join();
  CHECK(status.max_resident_bytes > 100'000);
  CHECK(status.user_time + status.system_time > 0us);
  CHECK(status.messages_handled == 5);
}

TEST_CASE("stop comes behind everything that was sent before it") {
  troupe::actor_system system;
  const auto actor = system.spawn<mortal>();
  std::vector<troupe::future<int>> answers;
  for (int i = 0; i < 1000; ++i) answers.push_back(actor.ask<&mortal::answer>());
  actor.stop();
  const auto status = actor.join();
  CHECK(status.ok());
  CHECK(status.messages_handled == 1000);
  CHECK(answers.back().get() == 1000);
}

TEST_CASE("an actor that stops itself finishes the handler it is in") {
  troupe::actor_system system;
  const auto actor = system.spawn<mortal>();
  actor.tell<&mortal::retire>();
  CHECK(actor.join().ok());
}

TEST_CASE("an actor that was never sent anything stops") {
  troupe::actor_system system;
  const auto actor = system.spawn<mortal>();
  actor.stop();
  CHECK(actor.join().ok());
  actor.stop();  // does nothing to one that has ended
  actor.terminate();
  actor.kill();
}

TEST_CASE("a function that asks whether to stop, or waits in the library, stops") {
  troupe::actor_system system;
  const auto polite = system.spawn<waits_to_be_asked_to_stop>();
  polite.stop();
  CHECK(polite.join().ok());
  const auto other = system.spawn<mortal>();
  const auto waiting = system.spawn<waits_in_the_library>(other);
  waiting.stop();
  CHECK(waiting.join().ok());
  CHECK(other.is_alive());
}

TEST_CASE("an error of a function's own is told, although it was asked to stop") {
  troupe::actor_system system;
  const auto actor = system.spawn<fails_after_the_stop>();
  actor.stop();
  CHECK(actor.join().kind == troupe::exit_kind::exception);
}

TEST_CASE("terminate and kill end what does not listen") {
  troupe::actor_system system;
  const auto one = system.spawn<waits_in_the_kernel>();
  one.terminate();
  CHECK(one.join().code == SIGTERM);
  const auto two = system.spawn<mortal>();
  two.tell<&mortal::wait>();
  two.kill();
  CHECK(two.join().code == SIGKILL);
  CHECK(two.exit_status()->code == SIGKILL);
}

TEST_CASE("join_for looks without waiting where the patience is zero or negative") {
  troupe::actor_system system;
  const auto p = system.spawn<waits_in_the_kernel>();
  CHECK_FALSE(p.join_for(0s));
  CHECK_FALSE(p.join_for(-1h));
  CHECK_FALSE(p.join_for(std::chrono::nanoseconds::min()));
  CHECK_FALSE(p.exit_status());
  CHECK(p.is_alive());
  p.kill();
  REQUIRE(p.join_for(std::chrono::nanoseconds::max()));
  CHECK(p.join_for(-1h)->code == SIGKILL);
  CHECK_FALSE(p.is_alive());
}

TEST_CASE("on_down calls once, also after the end") {
  troupe::actor_system system;
  const auto p = system.spawn<waits_in_the_kernel>();
  std::promise<int> told;
  std::atomic<int> calls = 0;
  p.on_down([&](const troupe::exit_status& status) {
    ++calls;
    told.set_value(status.code);
  });
  p.kill();
  CHECK(told.get_future().get() == SIGKILL);
  std::promise<int> late;
  p.on_down([&](const troupe::exit_status& status) { late.set_value(status.code); });
  CHECK(late.get_future().get() == SIGKILL);
  CHECK(calls == 1);
}

TEST_CASE("the system's end stops all, and reports who had to be killed", "[one_machine]") {
  troupe::actor_system system{{.grace = 300ms}};
  const auto good = system.spawn<mortal>({.name = "good"});
  const auto stuck = system.spawn<mortal>({.name = "stuck"});
  const auto deaf = system.spawn<waits_in_the_kernel>({.name = "deaf"});
  const auto pids = std::vector{good.pid(), stuck.pid(), deaf.pid()};
  stuck.tell<&mortal::wait>();
  const auto report = system.stop();
  REQUIRE(report.stopped.size() == 1);
  CHECK(report.stopped[0].name == "good");
  CHECK(report.stopped[0].status.ok());
  CHECK(report.killed.size() == 2);
  for (const int pid : pids) CHECK(support::state_of(pid) == '\0');
  CHECK(system.stop().stopped.empty());
}

TEST_CASE("a stopped process does not hold up the system's end", "[one_machine]") {
  troupe::actor_system system{{.grace = 100ms}};
  const auto actor = system.spawn<mortal>({.name = "frozen"});
  actor.tell<&mortal::raise>(SIGSTOP);
  REQUIRE(support::wait_until([&] { return support::state_of(actor.pid()) == 'T'; }));
  const auto report = system.stop();
  REQUIRE(report.killed.size() == 1);
  CHECK(report.killed[0].name == "frozen");
}

TEST_CASE(
    "the end of deaf, stopped, breeding and willing actors together names each of them, and leaves nothing",
    "[one_machine]") {
  support::become_subreaper();
  troupe::actor_system system{{.grace = 200ms}};
  std::vector<troupe::actor<mortal>> all;
  const auto have = [&](int count, const std::string& kind) {
    for (int i = 0; i < count; ++i) all.push_back(system.spawn<mortal>({.name = kind}));
    return std::vector(all.end() - count, all.end());
  };
  have(5, "willing");
  for (const auto& each : have(20, "deaf")) each.tell<&mortal::ignore>();
  for (const auto& each : have(5, "breeding")) each.tell<&mortal::breed>();
  for (const auto& each : have(5, "stopped")) {
    each.tell<&mortal::raise>(SIGSTOP);
    REQUIRE(support::wait_until([&] { return support::state_of(each.pid()) == 'T'; }));
  }
  const auto report = system.stop();
  const auto count = [](const std::vector<troupe::stop_report::entry>& those, const std::string& kind) {
    return std::count_if(those.begin(), those.end(), [&](const auto& each) { return each.name == kind; });
  };
  CHECK(report.stopped.size() == 5);
  CHECK(count(report.stopped, "willing") == 5);
  CHECK(report.killed.size() == 30);
  CHECK(count(report.killed, "deaf") == 20);
  CHECK(count(report.killed, "breeding") == 5);
  CHECK(count(report.killed, "stopped") == 5);
  CHECK(system.residue() == std::vector<std::string>{});
  CHECK(support::wait_until([] { return support::descendants_of(::getpid()).empty(); }));
}

TEST_CASE("handles outlive their system and say so", "[one_machine]") {
  troupe::actor<mortal> actor;
  {
    troupe::actor_system system;
    actor = system.spawn<mortal>({.name = "survivor"});
    (void)actor.ask<&mortal::answer>().get();
  }
  CHECK(actor.name() == "survivor");
  CHECK_THROWS_AS(actor.tell<&mortal::abort>(), troupe::system_stopped);
  CHECK_THROWS_AS(actor.ask<&mortal::answer>(), troupe::system_stopped);
  CHECK_THROWS_AS(actor.stop(), troupe::system_stopped);
  CHECK_THROWS_AS(actor.kill(), troupe::system_stopped);
  CHECK_THROWS_AS(actor.join(), troupe::system_stopped);
  CHECK_THROWS_AS(actor.is_alive(), troupe::system_stopped);
  CHECK_THROWS_AS(actor.pid(), troupe::system_stopped);
}

TEST_CASE("what waits for an answer when the system ends is told that it has") {
  troupe::future<int> answer;
  troupe::actor<mortal> actor;
  {
    troupe::actor_system system{{.grace = 0ms}};
    actor = system.spawn<mortal>();
    actor.tell<&mortal::wait>();
    answer = actor.ask<&mortal::answer>();
  }
  CHECK_THROWS_AS(answer.get(), troupe::error);
}

TEST_CASE("what a system has made is listed, and nothing of it is left after its end", "[one_machine]") {
  troupe::actor_system system;
  const auto one = system.spawn<mortal>({.name = "one"});
  const auto other = system.spawn<mortal>({.name = "other"});
  for (const auto& each : {one, other})
    CHECK(each.ask<&mortal::answer>().get() == 1);  // until then it may have no process
  const auto living = system.residue();
  const auto has = [&](const std::string& line) {
    return std::find(living.begin(), living.end(), line) != living.end();
  };
  CHECK(has("process " + std::to_string(one.pid()) + " (one)"));
  CHECK(has("process " + std::to_string(other.pid()) + " (other)"));
  CHECK(has("channel to one"));
  CHECK(has("the background thread"));
  CHECK(living.size() == 7);  // guardian and zygote, two actors, two channels, the thread
  other.kill();
  other.join();
  CHECK(support::wait_until([&] { return system.residue().size() == 5; }));
  system.stop();
  CHECK(system.residue() == std::vector<std::string>{});
}
