// Processes that are forked ahead of the starts that need them: they become actors like others, and nobody is told of them.
#include <troupe/pool.hpp>
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <poll.h>
#include <set>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

class subject {
 public:
  explicit subject(int number = 0) : number_{number} {
    if (number < 0) throw std::invalid_argument{"negative"};
  }
  int number() const { return number_; }
  int group() const { return ::getpgid(0); }
  int incarnation() const { return static_cast<int>(troupe::this_actor::incarnation()); }
  std::size_t descriptors() const { return support::open_descriptors().size(); }
  unsigned long files() const {
    rlimit now{};
    ::getrlimit(RLIMIT_NOFILE, &now);
    return now.rlim_cur;
  }
  void die_with_words() const {
    ::write(STDERR_FILENO, "last words\n", 11);
    ::raise(SIGKILL);
  }

 private:
  int number_;
};

void nothing() {}
int pid_of_worker(int) { return ::getpid(); }

pid_t called(const std::string& name) { return support::descendant_called(name, ::getpid()); }

/// Those that wait now.
std::set<int> waiting() {
  std::set<int> found;
  for (const pid_t pid : support::descendants_of(::getpid())) {
    if (support::command_of(pid) == "troupe-standby" && support::state_of(pid) != 'Z') found.insert(pid);
  }
  return found;
}

/// So many, and others than `before`.
bool come(std::size_t count, const std::set<int>& before = {}) {
  return support::wait_until([&] {
    const auto now = waiting();
    return now.size() == count &&
           std::none_of(now.begin(), now.end(), [&](int pid) { return before.contains(pid); });
  });
}

void kill_waiting(const std::set<int>& pids) {
  for (const int pid : pids) ::kill(pid, SIGKILL);
  for (const int pid : pids) REQUIRE(support::wait_until_ended(pid));
}

/// One that was a standby: the guardian may not have heard of the newest yet, and then forks another.
template <class... Arguments>
troupe::actor<subject> spawn_from_standby(troupe::actor_system& system, const troupe::spawn_options& options,
                                          const Arguments&... arguments) {
  troupe::actor<subject> found;
  REQUIRE(support::wait_until([&] {
    const auto before = waiting();
    found = system.spawn<subject>(options, arguments...);
    return before.contains(found.pid());
  }));
  return found;
}

}  // namespace

TEST_CASE("an actor that was a standby is an actor like others, and another standby takes its place") {
  troupe::actor_system system{{.standbys = 2}};
  REQUIRE(come(2));
  const auto actor = spawn_from_standby(system, {.name = "one"}, 7);
  CHECK(actor.ask<&subject::number>().get() == 7);
  CHECK(actor.ask<&subject::group>().get() == actor.pid());
  CHECK(support::command_of(actor.pid()) == "one");
  CHECK(support::parent_of(actor.pid()) == called("troupe-guardian"));
  troupe::actor_system without;
  CHECK(actor.ask<&subject::descriptors>().get() ==
        without.spawn<subject>(1).ask<&subject::descriptors>().get());
  CHECK(support::wait_until([&] { return waiting().size() == 2; }));
  actor.stop();
  CHECK(actor.join().ok());
}

TEST_CASE("the end of an actor that was a standby is told as that of others") {
  troupe::actor_system system{{.output = troupe::output::discard, .standbys = 2}};
  const auto died = spawn_from_standby(system, {});
  died.tell<&subject::die_with_words>();
  const auto status = died.join();
  CHECK(status.code == SIGKILL);
  CHECK(status.last_words == "last words\n");
  const auto thrown = spawn_from_standby(system, {}, -1).join();
  CHECK(thrown.kind == troupe::exit_kind::exception);
  CHECK(thrown.exception_text == "negative");
}

TEST_CASE("a standby takes the limits of the actor that it becomes") {
  troupe::actor_system system{{.standbys = 2}};
  const auto limited = spawn_from_standby(system, {.limits = {.open_files = 40}});
  CHECK(limited.ask<&subject::files>().get() == 40);
  for (int round = 0; round < 5; ++round) {
    CHECK_THROWS_AS(system.spawn<subject>({.limits = {.open_files = 3}}), troupe::start_failed);
  }
  CHECK(spawn_from_standby(system, {}, 5).ask<&subject::number>().get() == 5);
}

TEST_CASE("an actor that is started again is a standby's next process too") {
  troupe::actor_system system{{.output = troupe::output::discard, .standbys = 2}};
  const auto actor = spawn_from_standby(
      system, {.name = "again", .restart = {.when = troupe::restart::on_crash, .most = 1000, .delay = 1ms}},
      3);
  int rounds = 0;
  REQUIRE(support::wait_until([&] {
    REQUIRE(come(2, {actor.pid()}));
    const auto before = waiting();
    const int last = actor.pid();
    actor.tell<&subject::die_with_words>();
    CHECK(actor.ask<&subject::incarnation>().get() == ++rounds);
    REQUIRE(actor.pid() != last);
    CHECK(support::command_of(actor.pid()) == "again");
    return before.contains(actor.pid());
  }));
  CHECK(actor.ask<&subject::number>().get() == 3);
}

TEST_CASE("a pool's new workers are standbys") {
  troupe::actor_system system{{.standbys = 2}};
  REQUIRE(come(2));
  troupe::pool pool{system, {.workers = 1, .max_tasks_per_worker = 1}};
  auto seen = waiting();
  CHECK(support::wait_until([&] {
    const bool was_one = seen.contains(pool.submit<pid_of_worker>(0).get());
    seen.merge(waiting());
    return was_one;
  }));
}

TEST_CASE("standbys are nobody that is told of, and end with their system") {
  troupe::actor_system system{{.standbys = 3}};
  REQUIRE(come(3));
  CHECK(system.actors().empty());
  CHECK(system.tree().owns.empty());
  const auto all = waiting();
  CHECK(system.stop().stopped.empty());
  CHECK(waiting().empty());
  for (const int pid : all) CHECK(support::wait_until_ended(pid));
}

TEST_CASE("standbys that are killed are replaced, and starts go on") {
  troupe::actor_system system{{.standbys = 3}};
  std::set<int> before;
  for (int round = 0; round < 3; ++round) {
    REQUIRE(come(3, before));
    before = waiting();
    kill_waiting(before);
  }
  REQUIRE(come(3, before));
  kill_waiting(waiting());
  for (int n = 0; n < 10; ++n) CHECK(system.spawn<subject>(n).ask<&subject::number>().get() == n);
}

TEST_CASE("standbys that are killed at any moment of many starts hang none of them") {
  troupe::actor_system system{{.output = troupe::output::discard, .standbys = 2}};
  std::atomic<bool> done = false;
  std::thread killer{[&] {
    while (!done) {
      for (const int pid : waiting()) ::kill(pid, SIGKILL);
      ::poll(nullptr, 0, 2);
    }
  }};
  std::vector<std::string> others;
  for (int i = 0; i < 300; ++i) {
    const auto status = system.spawn<nothing>().join();
    if (!status.ok() && status.code != SIGKILL) others.push_back(to_string(status));  // it was one already
  }
  done = true;
  killer.join();
  CHECK(others == std::vector<std::string>{});
  const auto answers = [&] {
    try {
      return system.spawn<subject>(1).ask<&subject::number>().get() == 1;
    } catch (const troupe::actor_down&) {
      return false;  // the last that was killed got its order before it was dead
    }
  };
  CHECK(support::wait_until(answers));
}

TEST_CASE("the standbys of a zygote that is killed are replaced, and nobody is the wiser") {
  troupe::actor_system system{{.standbys = 2}};
  for (int round = 0; round < 5; ++round) {
    REQUIRE(come(2));
    const auto before = waiting();
    REQUIRE(::kill(called("troupe-zygote"), SIGKILL) == 0);
    CHECK(system.spawn<subject>(round).ask<&subject::number>().get() == round);
    CHECK(come(2, before));
  }
}

TEST_CASE("standbys end with their guardian") {
  troupe::actor_system system{{.standbys = 2}};
  REQUIRE(come(2));
  const auto all = waiting();
  REQUIRE(::kill(called("troupe-guardian"), SIGKILL) == 0);
  for (const int pid : all) CHECK(support::wait_until_ended(pid));
}

TEST_CASE("an executed actor leaves the standbys alone") {
  troupe::actor_system system{{.start = troupe::start_method::spawn, .standbys = 2}};
  REQUIRE(come(2));
  const auto before = waiting();
  const auto actor = system.spawn<subject>(4);
  CHECK(actor.ask<&subject::number>().get() == 4);
  CHECK_FALSE(before.contains(actor.pid()));
  CHECK(waiting() == before);
}
