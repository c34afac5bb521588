// What ends leaves nothing: a service that starts and loses processes for months stays as large as it was.
#include <troupe/troupe.hpp>

#include "support/census.hpp"
#include "support/scaled.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <set>
#include <signal.h>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

int twice(int n) { return 2 * n; }

class mortal {
 public:
  int pid() const { return troupe::this_actor::pid(); }
  void take(int) {}
};

/// Whether this user may have so many descriptors. From here on this process and its guardian may.
bool may_open(rlim_t number) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= number) return true;
  limit.rlim_cur = number;
  if (limit.rlim_max >= number && ::setrlimit(RLIMIT_NOFILE, &limit) == 0) return true;
  WARN("not run: it needs " << number << " descriptors");
  return false;
}

/// Does `step` so often, and again, and compares what there is then. `ends` of actors each.
void check_steps(const troupe::actor_system& system, int first, int then, int ends,
                 const std::function<void(int)>& step) {
  for (int n = 0; n < first; ++n) step(n);
  const auto before = support::count_all(system);
  for (int n = 0; n < then; ++n) step(n);
  const auto to_come = std::clamp(support::remembered - first * ends, 0, then * ends);
  support::check_same(before, system, static_cast<std::size_t>(to_come) * support::to_remember_one);
}

void spawn_and_join(int first, int then) {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto oldest = system.spawn<twice>(1);
  CHECK(oldest.join().ok());
  check_steps(system, first, then, 1, [&](int n) { CHECK(system.spawn<twice>(n).join().ok()); });
  const bool is_forgotten = first + then > support::remembered;
  CHECK(oldest.join().kind == (is_forgotten ? troupe::exit_kind::forgotten : troupe::exit_kind::normal));
}

void spawn_ask_and_kill(int first, int then) {
  troupe::actor_system system{{.output = troupe::output::discard}};
  check_steps(system, first, then, 1, [&](int) {
    const auto one = system.spawn<mortal>();
    CHECK(one.ask<&mortal::pid>().get() == one.pid());
    one.kill();
    CHECK(one.join().code == SIGKILL);
  });
}

void restart(int first, int then) {
  troupe::actor_system system{{.output = troupe::output::discard}};
  // With the smallest mailbox there is: all of its journals has been touched before the first figure is taken.
  const auto one = system.spawn<mortal>(
      {.mailbox_bytes = 1,
       .restart = {
           .when = troupe::restart::on_crash, .most = 1'000'000, .delay = 0ms, .longest_delay = 0ms}});
  int pid = one.ask<&mortal::pid>().get();
  check_steps(system, first, then, 0, [&](int n) {
    one.tell<&mortal::take>(n);
    one.kill();
    CHECK(support::wait_until([&] {
      try {
        const int now = one.ask<&mortal::pid>().get();
        return std::exchange(pid, now) != now;
      } catch (const troupe::actor_down&) {
        return false;  // it was killed in the middle of that
      }
    }));
  });
}

}  // namespace

TEST_CASE("two thousand functions that have returned leave nothing") {
  spawn_and_join(300, support::scaled(2000));
}
TEST_CASE("a thousand actors that were killed leave nothing") {
  spawn_ask_and_kill(300, support::scaled(1000));
}
TEST_CASE("five hundred restarts leave nothing") { restart(100, support::scaled(500)); }

// So many fit the limit of a process, whatever their number is.
TEST_CASE(
    "the guardian holds four descriptors of an actor, and one more of a channel of one that is restarted") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto guardian = support::descendant_called("troupe-guardian", ::getpid());
  std::vector<troupe::actor<mortal>> all{system.spawn<mortal>()};
  const auto open = [&] {
    static_cast<void>(system.actors());  // its answer comes behind what the guardian does for the last start
    return support::open_descriptors_of(guardian).size();
  };
  auto before = open();
  for (int n = 0; n < 10; ++n) all.push_back(system.spawn<mortal>());
  CHECK(open() - before == 10 * 4);
  before = open();
  constexpr std::size_t checkpoints = 2, channel = 1;
  for (int n = 0; n < 10; ++n)
    all.push_back(system.spawn<mortal>({.restart = {.when = troupe::restart::on_crash}}));
  CHECK(open() - before == 10 * (4 + channel + checkpoints));
}

// Else each fork would be dearer by each of them, and their memory would be kept as long as anything that was forked lives.
TEST_CASE("a zygote that takes another's place has none of the guardian's mappings") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  std::vector<troupe::actor<mortal>> all;
  for (int n = 0; n < 10; ++n) all.push_back(system.spawn<mortal>());
  all.back().kill();  // so that pages are looked at, too
  CHECK(all.back().join().code == SIGKILL);
  const auto guardian = support::descendant_called("troupe-guardian", ::getpid());
  const auto first = support::descendant_called("troupe-zygote", guardian);
  REQUIRE(::kill(first, SIGKILL) == 0);
  CHECK(system.spawn<mortal>().ask<&mortal::pid>().get() != 0);
  const auto second = support::descendant_called("troupe-zygote", guardian);
  REQUIRE(second != 0);
  CHECK(second != first);
  CHECK(support::of(second).mapped_shared == 0);
}

TEST_CASE("a thousand actors at once end with their system's scope, none by a signal, and leave nothing",
          "[.thousand]") {
  const int count = support::scaled(1000);
  if (!may_open(static_cast<rlim_t>(4 * count + 100))) return;  // the guardian; the host needs a quarter
  // Written by the background thread, which ends with the scope.
  int ended = 0;
  std::vector<std::string> not_orderly;
  {
    // Much less than they take together: they are asked one by one before it begins.
    troupe::actor_system system{{.grace = std::chrono::milliseconds{30}}};
    std::vector<troupe::actor<mortal>> all;
    for (int n = 0; n < count; ++n) {
      all.push_back(system.spawn<mortal>());
      all.back().on_down([&](const troupe::exit_status& how) {
        ++ended;
        if (!how.ok()) not_orderly.push_back(to_string(how));
      });
    }
    std::vector<troupe::future<int>> answers;
    for (const auto& one : all) answers.push_back(one.ask<&mortal::pid>());
    std::set<int> pids;
    for (auto& answer : answers) pids.insert(answer.get());
    CHECK(pids.size() == all.size());
  }
  CHECK(ended == count);
  CHECK(not_orderly == std::vector<std::string>{});
  CHECK(support::descendants_of(::getpid()).empty());
}

// The first figure is taken once all that is remembered is there.
TEST_CASE("ten thousand functions that have returned leave nothing", "[.long]") {
  spawn_and_join(4200, 10'000);
}
TEST_CASE("five thousand actors that were killed leave nothing", "[.long]") {
  spawn_ask_and_kill(4200, 5000);
}
TEST_CASE("two thousand restarts leave nothing", "[.long]") { restart(200, 2000); }
