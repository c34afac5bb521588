// What a handle can do with a process, from before its end until long after.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <poll.h>
#include <set>
#include <signal.h>
#include <string>
#include <unistd.h>
#include <utility>

using namespace std::chrono_literals;

namespace {

void sleep_for_ever() {
  for (;;) ::pause();
}
int end_with_code() { ::_exit(7); }

bool is_readable(const troupe::sentinel& death, std::chrono::milliseconds patience) {
  pollfd waited{death.native_handle(), POLLIN, 0};
  return ::poll(&waited, 1, static_cast<int>(patience.count())) == 1 && (waited.revents & POLLIN) != 0;
}

class bell {
 public:
  troupe::promise<std::string> heard() { return answer_; }
  void ring(const std::string& what) { answer_.set_value(what); }

 private:
  troupe::promise<std::string> answer_;
};

/// Waits for its parent's end as any process can: the descriptor is readable then, whatever else happens.
void mourner(troupe::actor<bell> at) {
  const auto parent = troupe::this_actor::parent().value();
  const auto death = parent.sentinel();
  at.tell<&bell::ring>("waiting");
  (void)is_readable(death, 20s);
  ::_exit(is_readable(death, 0ms) ? 3 : 4);
}

class mother {
 public:
  troupe::process bear(troupe::actor<bell> at) { return troupe::this_actor::system().spawn<mourner>(at); }
  bool watches(const troupe::process& whom) const {
    const auto death = whom.sentinel();
    const bool before = is_readable(death, 0ms);
    whom.kill();
    return !before && is_readable(death, 20s);
  }
};

}  // namespace

TEST_CASE("joining for no time or for less returns at once, and tells an end that is known") {
  troupe::actor_system system;
  const auto sleeper = system.spawn<sleep_for_ever>();
  CHECK(!sleeper.join_for(0ms));
  CHECK(!sleeper.join_for(-1h));
  CHECK(!sleeper.join_for(std::chrono::nanoseconds::min()));
  CHECK(!sleeper.exit_status());
  sleeper.kill();
  CHECK(sleeper.join().code == SIGKILL);
  CHECK(sleeper.join_for(0ms)->kind == troupe::exit_kind::signal);
  CHECK(sleeper.join_for(-1h)->code == SIGKILL);
}

TEST_CASE("a handle is harmless after its process has been reaped") {
  troupe::actor_system system;
  const auto gone = system.spawn<end_with_code>();
  const int pid = gone.pid();
  CHECK(gone.join().code == 7);
  CHECK(support::state_of(pid) == 0);
  for (int times = 0; times < 3; ++times) {
    gone.stop();
    gone.terminate();
    gone.kill();
    CHECK(gone.join().code == 7);
  }
  CHECK(!gone.is_alive());
  CHECK(gone.pid() == pid);
  const auto other = system.spawn<sleep_for_ever>();
  CHECK(!other.join_for(10ms));
  CHECK(is_readable(gone.sentinel(), 0ms));
}

TEST_CASE("a sentinel becomes readable when its process dies, and no other does") {
  troupe::actor_system system;
  const auto first = system.spawn<sleep_for_ever>();
  const auto second = system.spawn<sleep_for_ever>();
  auto death = first.sentinel();
  const auto other = second.sentinel();
  CHECK(!is_readable(death, 0ms));
  ::kill(first.pid(), SIGSEGV);
  CHECK(is_readable(death, 20s));
  CHECK(is_readable(death, 0ms));
  CHECK(!is_readable(other, 0ms));
  CHECK(first.join().code == SIGSEGV);

  auto moved = std::move(death);
  CHECK(death.native_handle() == -1);
  CHECK(is_readable(moved, 0ms));
  moved = troupe::sentinel{};
  CHECK(moved.native_handle() == -1);
}

TEST_CASE("a sentinel outlives its system") {
  troupe::sentinel death;
  {
    troupe::actor_system system;
    death = system.spawn<sleep_for_ever>().sentinel();
  }
  CHECK(is_readable(death, 20s));
}

TEST_CASE("an actor has sentinels of processes that others started") {
  troupe::actor_system system;
  const auto watcher = system.spawn<mother>();
  CHECK(watcher.ask<&mother::watches>(system.spawn<sleep_for_ever>()).get());
}

TEST_CASE("a grandchild can wait for its parent's end") {
  troupe::actor_system system;
  const auto told = system.spawn<bell>();
  const auto parent = system.spawn<mother>();
  const auto grandchild = parent.ask<&mother::bear>(told).get();
  CHECK(told.ask<&bell::heard>().get() == "waiting");
  parent.kill();
  CHECK(grandchild.join().code == 3);
}

TEST_CASE("the processes that are alive are listed with their parents") {
  troupe::actor_system system;
  const auto told = system.spawn<bell>({.name = "bell"});
  const auto parent = system.spawn<mother>({.name = "mother"});
  const auto grandchild = parent.ask<&mother::bear>(told).get();
  std::set<std::string> seen;
  for (const auto& each : system.actors()) seen.insert(each.name + " of " + each.parent);
  CHECK(seen == std::set<std::string>{"bell of ", "mother of ", grandchild.name() + " of mother"});
}
