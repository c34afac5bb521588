// The guardian and the zygote: what their deaths mean.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"
#include "support/scaled.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <fcntl.h>
#include <signal.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

class echo {
 public:
  int say(int value) { return value; }
  void wait() { ::pause(); }
};

void nothing() {}

class vandal {
 public:
  void meet(troupe::actor<echo> victim) { (void)victim.ask<&echo::say>(1).get(); }
  /// Noise on every socket that this process has.
  void shout(int seed) {
    std::vector<char> noise(100 + static_cast<std::size_t>(seed) * 17 % 3000);
    for (std::size_t i = 0; i < noise.size(); ++i)
      noise[i] = static_cast<char>((i * 31 + static_cast<std::size_t>(seed)) % (seed % 2 == 0 ? 256 : 5));
    auto open = support::open_descriptors();
    // From the newest: the oldest is the guardian's, which will not listen to us afterwards.
    for (auto number = open.rbegin(); number != open.rend(); ++number)
      ::send(*number, noise.data(), noise.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
};

/// The zygote, idle. What it has just forked still bears its name, but holds more than the one socket; when it no longer
/// does it has a name of its own.
pid_t idle_zygote() {
  for (const pid_t pid : support::descendants_of(::getpid())) {
    if (support::open_descriptors_of(pid).size() == 4 && support::command_of(pid) == "troupe-zygote")
      return pid;
  }
  return 0;
}

pid_t called(const std::string& name) { return support::descendant_called(name, ::getpid()); }

}  // namespace

TEST_CASE("a system is a guardian below the host, and a zygote and the actors below that") {
  troupe::actor_system system;
  const auto actor = system.spawn<echo>({.name = "the-actor"});
  const auto guardian = called("troupe-guardian");
  CHECK(support::parent_of(guardian) == ::getpid());
  CHECK(support::parent_of(called("troupe-zygote")) == guardian);
  CHECK(support::parent_of(actor.pid()) == guardian);
  CHECK(::getsid(guardian) == guardian);
}

TEST_CASE("a zygote that is killed is replaced, and nobody is the wiser") {
  troupe::actor_system system;
  const auto before = system.spawn<echo>();
  for (int round = 0; round < 10; ++round) {
    const auto zygote = called("troupe-zygote");
    REQUIRE(zygote != 0);
    REQUIRE(::kill(zygote, SIGKILL) == 0);
    const auto after = system.spawn<echo>();
    CHECK(after.ask<&echo::say>(round).get() == round);
    CHECK(before.ask<&echo::say>(round).get() == round);
  }
}

TEST_CASE("a zygote that is killed at any moment of many starts fails none of them") {
  troupe::actor_system system;
  const auto begin = std::chrono::steady_clock::now();
  (void)system.spawn<nothing>().join();
  const auto undisturbed = std::chrono::steady_clock::now() - begin;
  std::atomic<bool> done = false;
  std::thread killer{[&] {
    while (!done) {
      if (const auto zygote = idle_zygote(); zygote != 0) ::kill(zygote, SIGKILL);
      std::this_thread::sleep_for(undisturbed / 2);  // so that some get through, however slow the machine
    }
  }};
  std::vector<std::string> ends;
  const auto starts = support::scaled(std::size_t{300});
  while (ends.size() < starts) ends.push_back(to_string(system.spawn<nothing>().join()));
  done = true;
  killer.join();
  CHECK(ends == std::vector<std::string>(starts, "ended normally"));
}

TEST_CASE("a guardian that is killed ends its system, and every call says so") {
  troupe::actor_system system;
  std::vector<troupe::actor<echo>> actors;
  for (int i = 0; i < 10; ++i) actors.push_back(system.spawn<echo>());
  for (const auto& actor : actors) REQUIRE(actor.ask<&echo::say>(1).get() == 1);
  actors[0].tell<&echo::wait>();
  auto waiting = actors[0].ask<&echo::say>(2);
  std::vector<int> pids;
  for (const auto& actor : actors) pids.push_back(actor.pid());

  REQUIRE(::kill(called("troupe-guardian"), SIGKILL) == 0);
  CHECK_THROWS_AS(waiting.get(), troupe::error);
  for (const int pid : pids) CHECK(support::wait_until_ended(pid));
  CHECK_THROWS_AS(actors[1].join(), troupe::system_stopped);
  CHECK_THROWS_AS(actors[1].ask<&echo::say>(1).get(), troupe::error);
  CHECK_THROWS_AS(system.spawn<echo>(), troupe::system_stopped);
  CHECK(system.stop().stopped.empty());
}

TEST_CASE("a guardian that is killed while many answers are due leaves the host's descriptors alone") {
  for (int round = 0; round < 20; ++round) {
    int canary[2] = {};
    {
      troupe::actor_system system;
      const auto actor = system.spawn<echo>();
      std::vector<troupe::future<int>> answers;
      for (int i = 0; i < 500; ++i) answers.push_back(actor.ask<&echo::say>(i));
      actor.tell<&echo::wait>();
      answers.push_back(actor.ask<&echo::say>(1));
      REQUIRE(::kill(called("troupe-guardian"), SIGKILL) == 0);
      CHECK_THROWS_AS(answers.back().get(), troupe::error);
      answers.clear();
      (void)system.stop();
      REQUIRE(::pipe(canary) == 0);  // takes the numbers that were closed last
    }
    CHECK(::fcntl(canary[0], F_GETFD) != -1);
    CHECK(::fcntl(canary[1], F_GETFD) != -1);
    ::close(canary[0]);
    ::close(canary[1]);
  }
}

TEST_CASE("an actor that writes noise into all its sockets harms nobody but itself") {
  troupe::actor_system system;
  const auto victim = system.spawn<echo>({.name = "victim"});
  for (int seed = 0; seed < 20; ++seed) {
    const auto vandal_actor = system.spawn<vandal>();
    vandal_actor.tell<&vandal::meet>(victim);
    vandal_actor.tell<&vandal::shout>(seed);
    vandal_actor.stop();
    vandal_actor.join();
    REQUIRE(victim.is_alive());
    REQUIRE(victim.ask<&echo::say>(seed).get() == seed);
  }
}
