// Control messages when everything is full: every data channel to a process that does not run, and the queues to it.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdio>
#include <signal.h>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;
using block = std::vector<char>;

namespace {

class receiver {
 public:
  void take(const block&) { ++count_; }
  int count() const { return count_; }

 private:
  int count_ = 0;
};

/// Tells until it is told something itself.
void push(troupe::actor<receiver> to, std::size_t size) {
  for (;;) to.tell<&receiver::take>(block(size));
}

void tell_once(troupe::actor<receiver> to) { to.tell<&receiver::take>(block(1)); }

/// As `push`, in one turn of an actor of a class.
class pusher {
 public:
  void push(troupe::actor<receiver> to, int count) {
    for (int i = 0; i < count; ++i) to.tell<&receiver::take>(block(70'000));
  }
  int answer() const { return 42; }
};

void freeze(int pid) {
  REQUIRE(::kill(pid, SIGSTOP) == 0);
  REQUIRE(support::wait_until([pid] { return support::state_of(pid) == 'T'; }));
}

/// Whether this user may have so many descriptors: some cases start hundreds of processes.
bool may_open(std::size_t number) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= number) return true;
  WARN("not run: it needs " << number << " descriptors");
  return false;
}

/// Waits until a process sleeps and has stopped working: blocked on a full mailbox.
void wait_until_blocked(int pid) {
  REQUIRE(support::wait_until([pid] { return support::state_of(pid) == 'S'; }));
}

/// Tells whoever reads the test's output how long something took.
template <class Action>
void timed(const char* what, Action&& action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  std::printf("%s: %.2f ms\n", what, took.count());
}

/// An actor that does not run, with its mailbox full for the host and for two other processes that wait for room.
struct standstill {
  explicit standstill(std::size_t size) {
    pid = frozen.pid();
    REQUIRE(frozen.ask<&receiver::count>().get() == 0);
    freeze(pid);
    while (frozen.try_tell<&receiver::take>(block(size))) {
    }
    function = system.spawn<push>({.name = "function"}, frozen, size);
    object = system.spawn<pusher>({.name = "object"});
    object.tell<&pusher::push>(frozen, 100);
    host = std::thread{[this, size] {
      CHECK_THROWS_AS(frozen.tell<&receiver::take>(block(size)), troupe::error);
      told = true;
    }};
    wait_until_blocked(function.pid());
    wait_until_blocked(object.pid());
  }
  ~standstill() { host.join(); }

  troupe::actor_system system{{.grace = 100ms}};
  troupe::actor<receiver> frozen = system.spawn<receiver>({.name = "frozen"});
  int pid = 0;
  troupe::process function;
  troupe::actor<pusher> object;
  std::thread host;
  std::atomic<bool> told{false};
};

}  // namespace

TEST_CASE("a kill, and the news of the end, pass when everything is full and nobody reads") {
  standstill all{GENERATE(1000U, 70'000U)};
  timed("kill and join", [&] {
    all.frozen.kill();
    CHECK(all.frozen.join().code == SIGKILL);
  });
  timed("news of the end to a function that waits for room",
        [&] { CHECK(all.function.join().exception_type == "troupe::actor_down"); });
  // The turn of the object's handler ends, and it lives on.
  timed("news of the end to a handler that waits for room",
        [&] { CHECK(all.object.ask<&pusher::answer>().get() == 42); });
}

TEST_CASE("a terminate passes when everything is full, and a stopped process hears it") {
  standstill all{70'000};
  timed("terminate and join", [&] {
    all.frozen.terminate();
    CHECK(all.frozen.join().code == SIGTERM);
  });
}

TEST_CASE("a stop reaches a function that waits for room at a process that does not run") {
  standstill all{GENERATE(1000U, 70'000U)};
  timed("stop and join of a function that waits for room", [&] {
    all.function.stop();
    CHECK(all.function.join().ok());
  });
  CHECK_FALSE(all.told);
  all.frozen.kill();
}

TEST_CASE(
    "a stop that was sent to a process that does not run is the first thing it sees when it runs again") {
  troupe::actor_system system;
  const auto frozen = system.spawn<receiver>();
  const auto other = system.spawn<pusher>();
  REQUIRE(frozen.ask<&receiver::count>().get() == 0);
  freeze(frozen.pid());
  other.tell<&pusher::push>(frozen, 100);
  wait_until_blocked(other.pid());
  frozen.stop();
  REQUIRE(::kill(frozen.pid(), SIGCONT) == 0);
  CHECK(frozen.join().ok());
  CHECK(other.ask<&pusher::answer>().get() == 42);
}

TEST_CASE("the system's end passes when everything is full and nobody reads") {
  standstill all{70'000};
  timed("the system's end, with a grace of 100 ms", [&] { CHECK(all.system.stop().killed.size() >= 1); });
}

TEST_CASE("what others have to tell a process that does not run stays within bounds") {
  troupe::actor_system system;
  const auto frozen = system.spawn<receiver>({.mailbox_messages = 10});
  REQUIRE(frozen.ask<&receiver::count>().get() == 0);
  freeze(frozen.pid());
  const auto guardian = support::descendant_called("troupe-guardian", ::getpid());

  SECTION("stops") {
    const auto before = support::resident_bytes_of(guardian);
    for (int i = 0; i < 100'000; ++i) frozen.stop();
    const auto witness = system.spawn<pusher>();
    CHECK(witness.ask<&pusher::answer>().get() == 42);  // the guardian has read all of it
    CHECK(support::resident_bytes_of(guardian) < before + (4U << 20));
    REQUIRE(::kill(frozen.pid(), SIGCONT) == 0);
    CHECK(frozen.join().ok());
  }

  SECTION("news of new channels, one after the other") {
    if (!may_open(8192)) return;
    // Each has its channel, tells, and ends; where the news of the channel has to wait, so does it.
    constexpr int many = 400;
    std::vector<troupe::process> all;
    all.reserve(many);
    for (int i = 0; i < many; ++i) all.push_back(system.spawn<tell_once>(frozen));
    const auto ended = [&] {
      int count = 0;
      for (const auto& each : all) count += each.is_alive() ? 0 : 1;
      return count;
    };
    // Some are held up, and no more descriptors of theirs are taken: that is the bound. Others are served meanwhile.
    const auto witness = system.spawn<pusher>();
    CHECK(witness.ask<&pusher::answer>().get() == 42);
    CHECK(ended() < many);
    REQUIRE(::kill(frozen.pid(), SIGCONT) == 0);
    for (const auto& each : all) CHECK(each.join().ok());
    CHECK(frozen.ask<&receiver::count>().get() == many);
  }

  SECTION("news of new channels, and the end of the one that does not run") {
    if (!may_open(8192)) return;
    constexpr int many = 400;
    std::vector<troupe::process> all;
    all.reserve(many);
    for (int i = 0; i < many; ++i) all.push_back(system.spawn<tell_once>(frozen));
    frozen.kill();
    for (const auto& each : all) {
      const auto status = each.join();
      if (!status.ok()) CHECK(status.exception_type == "troupe::actor_down");
    }
  }
}

TEST_CASE("a zygote that does not run holds up starts, and nothing else") {
  troupe::actor_system system;
  const auto witness = system.spawn<pusher>();
  REQUIRE(witness.ask<&pusher::answer>().get() == 42);
  const auto zygote = support::descendant_called("troupe-zygote", ::getpid());
  const auto guardian = support::descendant_called("troupe-guardian", ::getpid());
  freeze(zygote);
  const auto before = support::open_descriptors_of(guardian).size();

  constexpr int many = 600;
  std::atomic<int> made = 0, refused = 0;
  std::vector<std::thread> spawners;
  spawners.reserve(many);
  for (int i = 0; i < many; ++i) {
    spawners.emplace_back([&] {
      try {
        (void)system.spawn<pusher>();
        ++made;
      } catch (const troupe::start_failed&) {
        ++refused;  // the guardian's descriptors are fewer than that
      }
    });
  }
  // All of them wait in the guardian, each with five descriptors, or have been refused.
  REQUIRE(support::wait_until([&] {
    return refused > 0 || support::open_descriptors_of(guardian).size() >= before + std::size_t{5} * many;
  }));
  witness.kill();
  CHECK(witness.join().code == SIGKILL);
  REQUIRE(::kill(zygote, SIGCONT) == 0);
  for (auto& one : spawners) one.join();
  CHECK(made + refused == many);
  CHECK(made > 0);
}
