// Every way to die at every moment of a call: what the callers are told, and what the next process goes on with.
//
//                idle   decoding   handling   half-way through the reply   between the reply and the next read
//   a signal      x        x          x                   x                                  x
//   _exit(0)      x        x          x                   x                                  x
//   exceptions, memory: where a function must not throw, or a thread of the actor's own does, they end in std::terminate,
//   and so in SIGABRT, everywhere. Out of a handler that was told they end the actor as themselves: there is one more column
//   for that. Out of one that was asked, and out of what decodes or encodes for it, they are an answer and no death: see
//   exceptions_test. An idle actor runs nothing but what it has started itself, so there a thread dies.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"
#include "support/range.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t memory_limit = 0;  // the sanitizer's own memory is far beyond any
#else
constexpr std::size_t memory_limit = std::size_t{256} << 20;
#endif

enum class way : int { none, killed, bad_pointer, aborted, exited, overflown, out_of_memory, uncaught };

int overflow(int depth) {
  volatile char room[4096];
  room[0] = static_cast<char>(depth);
  return depth == 0 ? 0 : overflow(depth + 1) + room[0];
}

void use_memory() {
  const std::unique_ptr<char[]> much{new char[2 * memory_limit]};
  static_cast<volatile char*>(much.get())[0] = 'x';
}

/// As `die`, but what is thrown is thrown.
void go_wrong(way how) {
  switch (how) {
    case way::killed: ::raise(SIGKILL); break;
    case way::bad_pointer: ::kill(::getpid(), SIGSEGV); break;
    case way::aborted: std::abort();
    case way::exited: ::_exit(0);
    case way::overflown: overflow(1); break;
    case way::out_of_memory: use_memory(); break;
    case way::uncaught: throw std::runtime_error{"not caught"};
    case way::none: break;
  }
}
void die(way how) noexcept { go_wrong(how); }

std::vector<way> all_ways() {
  std::vector<way> all{way::killed, way::bad_pointer, way::aborted,
                       way::exited, way::overflown,   way::uncaught};
  if (memory_limit != 0) all.push_back(way::out_of_memory);
  return all;
}

/// What the kernel says of a death by `die`.
void check_cause(const troupe::exit_status& status, way how) {
  if (how == way::exited) {
    CHECK(status.kind == troupe::exit_kind::normal);
    CHECK(status.code == 0);
    return;
  }
  CHECK(status.kind == troupe::exit_kind::signal);
  const bool by_segv = how == way::bad_pointer || how == way::overflown;
  CHECK(status.code == (how == way::killed ? SIGKILL : by_segv ? SIGSEGV : SIGABRT));
  if (how == way::uncaught) CHECK(status.last_words.find("not caught") != std::string::npos);
  if (how == way::out_of_memory) CHECK(status.last_words.find("std::bad_alloc") != std::string::npos);
}

/// Kills who decodes it.
struct bomb {
  way how = way::none;
  template <class Archive>
  void save(Archive& archive) const {
    archive(static_cast<int>(how));
  }
  template <class Archive>
  void load(Archive& archive) {
    int number = 0;
    archive(number);
    die(how = static_cast<way>(number));
  }
};

/// Kills who encodes it, in the middle: 8 MiB.
struct half_an_answer {
  way how = way::none;
  std::vector<char> half{};
  template <class Archive>
  void save(Archive& archive) const {
    archive(half);
    if (++times_saved == 2) die(how);  // the first time it is only measured
    archive(half);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(half, half);
  }
  static inline int times_saved = 0;
};

/// Outlives those that it is told things by.
class witness {
 public:
  void saw(int number) { seen_.push_back(number); }
  std::vector<int> seen() const { return seen_; }
  int echo(int number) { return number; }

 private:
  std::vector<int> seen_;
};

class victim {
 public:
  victim(troupe::actor<witness> to, troupe::shared_value<int> release)
      : to_{std::move(to)}, release_{std::move(release)} {}

  int incarnation() const { return static_cast<int>(troupe::this_actor::incarnation()); }
  int note(int number) {
    to_.tell<&witness::saw>(number);
    return number;
  }
  /// Holds up what is sent behind it until all of it has been sent.
  void hold() {
    while (release_.load() == 0) std::this_thread::sleep_for(100us);
  }
  void decode(const bomb&) {}
  void handle(way how) {
    note(-1);  // which nobody must see
    die(how);
  }
  void fail(way how) {
    note(-1);
    go_wrong(how);
  }
  half_an_answer answer_half(way how) {
    note(-1);
    return {how, std::vector<char>(std::size_t{4} << 20, 'h')};
  }
  /// A timer's turn comes before the next message's.
  int answer_and_die(way how) {
    troupe::this_actor::after(0s, [how] { die(how); });
    return note(1000);
  }
  /// Dies as it is idle, once it is released.
  void die_idle(way how) {
    std::thread{[how, release = release_] {
      while (release.load() == 0) std::this_thread::sleep_for(100us);
      die(how);
    }}.detach();
  }

 private:
  troupe::actor<witness> to_;
  troupe::shared_value<int> release_;
};

template <class Result>
troupe::actor_down down_from(troupe::future<Result>& answer) {
  try {
    (void)answer.get();
  } catch (const troupe::actor_down& down) {
    return down;
  }
  throw std::logic_error{"a dead actor has answered"};
}

/// An actor that is about to die, one that it tells things, and one that has nothing to do with it.
struct scene {
  troupe::actor_system& system;
  way how;
  troupe::shared_value<int> release{0};
  troupe::actor<witness> to = system.spawn<witness>();
  troupe::actor<witness> neighbour = system.spawn<witness>();
  troupe::actor<victim> dying;
  std::vector<troupe::future<int>> neighbours_answers{};

  scene(troupe::actor_system& in, way by, troupe::restart when)
      : system{in},
        how{by},
        dying{in.spawn<victim>({.name = "dying",
                                .limits = {.private_data = memory_limit},
                                .restart = {.when = when, .most = 10, .within = 60s, .delay = 1ms}},
                               to, release)} {}

  /// Lets the actor go to its death, with the neighbour in the middle of a conversation.
  void go_on() {
    for (int n = 0; n < 50; ++n) neighbours_answers.push_back(neighbour.ask<&witness::echo>(n));
    release.store(1);
    for (int n = 50; n < 100; ++n) neighbours_answers.push_back(neighbour.ask<&witness::echo>(n));
  }
  void check_neighbour() {
    for (int n = 0; n < 100; ++n) CHECK(neighbours_answers[static_cast<std::size_t>(n)].get() == n);
    neighbours_answers.clear();
  }
  void check_gone() {
    check_cause(dying.join(), how);
    try {
      (void)dying.ask<&victim::note>(1);
      FAIL("an actor that has ended was asked");
    } catch (const troupe::actor_down& down) {
      CHECK(down.fate() == troupe::call_fate::gone);
      CHECK(down.actor() == "dying");
      check_cause(down.status(), how);
    }
  }
  /// In the next process, all that was behind: once, and nothing of the turn that was not at its end.
  void check_noted(const std::vector<int>& expected) {
    CHECK(dying.ask<&victim::incarnation>().get() == 1);
    CHECK(dying.ask<&victim::note>(9999).get() == 9999);
    const auto seen = [&] { return to.ask<&witness::seen>().get(); };
    CHECK(support::wait_until([&] { return !seen().empty() && seen().back() == 9999; }));
    auto all = expected;
    all.push_back(9999);
    CHECK(seen() == all);
    dying.stop();
    CHECK(dying.join().ok());
  }
};

/// Runs `check` for each way to die, in one system.
template <class Check>
void for_each_way(troupe::restart when, Check check) {
  troupe::actor_system system{{.output = troupe::output::discard}};
  for (const auto how : all_ways()) {
    INFO("way " << static_cast<int>(how));
    scene s{system, how, when};
    check(s);
    s.check_neighbour();
    for (const auto& one : {s.to, s.neighbour}) one.stop();
  }
}

/// `deadly` is asked between two that are not; `fate` is what it hears.
template <class Ask>
void check_deadly_call(Ask ask_deadly, troupe::call_fate fate) {
  for_each_way(troupe::restart::never, [&](scene& s) {
    auto held = s.dying.ask<&victim::hold>();
    auto before = s.dying.ask<&victim::note>(1);
    auto deadly = ask_deadly(s);
    auto behind = s.dying.ask<&victim::note>(2);
    s.go_on();
    held.get();
    CHECK(before.get() == 1);
    const auto down = down_from(deadly);
    CHECK(down.fate() == fate);
    CHECK(down.actor() == "dying");
    check_cause(down.status(), s.how);
    const auto not_begun = down_from(behind);
    CHECK(not_begun.fate() == troupe::call_fate::not_started);
    check_cause(not_begun.status(), s.how);
    s.check_gone();
    CHECK(s.to.template ask<&witness::seen>().get() == std::vector{1});
  });
  for_each_way(troupe::restart::always, [&](scene& s) {
    auto held = s.dying.ask<&victim::hold>();
    s.dying.tell<&victim::note>(0);
    auto deadly = ask_deadly(s);
    std::vector<troupe::future<int>> behind;
    for (int n = 1; n < 100; ++n) behind.push_back(s.dying.ask<&victim::note>(n));
    s.go_on();
    held.get();
    const auto down = down_from(deadly);
    CHECK(down.fate() == fate);
    check_cause(down.status(), s.how);
    for (int n = 1; n < 100; ++n) CHECK(behind[static_cast<std::size_t>(n - 1)].get() == n);
    s.check_noted(support::range(100));
  });
}

}  // namespace

TEST_CASE("whatever an idle actor dies of, callers are told, and the next process answers") {
  for_each_way(troupe::restart::never, [](scene& s) {
    s.dying.ask<&victim::die_idle>(s.how).get();
    s.go_on();
    s.check_gone();
  });
  for_each_way(troupe::restart::always, [](scene& s) {
    CHECK(s.dying.ask<&victim::note>(0).get() == 0);
    s.dying.ask<&victim::die_idle>(s.how).get();
    s.go_on();
    CHECK(support::wait_until([&] {
      try {
        return s.dying.ask<&victim::incarnation>().get() == 1;
      } catch (const troupe::actor_down& down) {
        check_cause(down.status(), s.how);  // it was not so idle
        return false;
      }
    }));
    for (int n = 1; n < 100; ++n) s.dying.tell<&victim::note>(n);
    s.check_noted(support::range(100));
  });
}

TEST_CASE(
    "whatever an actor dies of as it decodes a message, callers are told, and the next process goes on") {
  check_deadly_call([](scene& s) { return s.dying.ask<&victim::decode>(bomb{s.how}); },
                    troupe::call_fate::died_running);
}

TEST_CASE(
    "whatever an actor dies of as it handles a message, callers are told, and the next process goes on") {
  check_deadly_call([](scene& s) { return s.dying.ask<&victim::handle>(s.how); },
                    troupe::call_fate::died_running);
}

TEST_CASE(
    "whatever an actor dies of half-way through a reply, callers are told, and the next process goes on") {
  check_deadly_call([](scene& s) { return s.dying.ask<&victim::answer_half>(s.how); },
                    troupe::call_fate::died_running);
}

TEST_CASE(
    "whatever an actor dies of behind a reply, that has been given, and what comes next was not begun") {
  for_each_way(troupe::restart::never, [](scene& s) {
    auto held = s.dying.ask<&victim::hold>();
    auto answered = s.dying.ask<&victim::answer_and_die>(s.how);
    auto behind = s.dying.ask<&victim::note>(2);
    s.go_on();
    CHECK(answered.get() == 1000);
    const auto down = down_from(behind);
    CHECK(down.fate() == troupe::call_fate::not_started);
    check_cause(down.status(), s.how);
    s.check_gone();
    CHECK(s.to.ask<&witness::seen>().get() == std::vector{1000});
  });
  for_each_way(troupe::restart::always, [](scene& s) {
    auto held = s.dying.ask<&victim::hold>();
    auto answered = s.dying.ask<&victim::answer_and_die>(s.how);
    std::vector<troupe::future<int>> behind;
    for (int n = 1; n < 100; ++n) behind.push_back(s.dying.ask<&victim::note>(n));
    s.go_on();
    CHECK(answered.get() == 1000);
    for (int n = 1; n < 100; ++n) CHECK(behind[static_cast<std::size_t>(n - 1)].get() == n);
    auto expected = support::range(1, 100);
    expected.insert(expected.begin(), 1000);
    s.check_noted(expected);
  });
}

TEST_CASE("what leaves a handler that was told is the cause of the death, by its name") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  for (const auto how : {way::uncaught, way::out_of_memory}) {
    if (how == way::out_of_memory && memory_limit == 0) continue;
    const bool is_memory = how == way::out_of_memory;
    const auto check_exception = [&](const troupe::exit_status& status) {
      CHECK(status.kind == troupe::exit_kind::exception);
      CHECK(status.exception_type == (is_memory ? "std::bad_alloc" : "std::runtime_error"));
      CHECK(status.exception_text == (is_memory ? "std::bad_alloc" : "not caught"));
      CHECK(status.limit == (is_memory ? troupe::limit_kind::private_data : troupe::limit_kind::none));
    };
    scene once{system, how, troupe::restart::never};
    auto held = once.dying.ask<&victim::hold>();
    once.dying.tell<&victim::fail>(how);
    auto behind = once.dying.ask<&victim::note>(1);
    once.go_on();
    const auto down = down_from(behind);
    CHECK(down.fate() == troupe::call_fate::not_started);
    check_exception(down.status());
    check_exception(once.dying.join());
    once.check_neighbour();
    CHECK(once.to.ask<&witness::seen>().get().empty());

    scene again{system, how, troupe::restart::always};
    held = again.dying.ask<&victim::hold>();
    again.dying.tell<&victim::fail>(how);
    behind = again.dying.ask<&victim::note>(1);
    again.go_on();
    CHECK(behind.get() == 1);
    again.check_noted({1});
    again.check_neighbour();
  }
}
