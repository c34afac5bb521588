// What a caller is told of a call is what has happened: each call leaves a mark outside of its actor's turn.
#include <troupe/shared_array.hpp>
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr std::size_t calls = 200;

/// Marks are no part of the turn: a turn that does not come to its end does not take them back.
class marker {
 public:
  explicit marker(troupe::shared_array<int> marks) : marks_{std::move(marks)} {}
  int mark(std::size_t n) {
    const int now = ++marks_.span()[n];
    const auto end =
        std::chrono::steady_clock::now() + 50us;  // so that it is in the middle of it when it dies
    while (std::chrono::steady_clock::now() < end) {
    }
    return now;
  }

 private:
  troupe::shared_array<int> marks_;
};

struct account {
  int answered = 0, not_started = 0, died_running = 0;
};

enum class kill_once { sent, begun };

/// Asks, and kills behind the call `killed_behind`, when that is sent, whether or not anything has begun, or all are sent and
/// that one has begun; then compares what is told of each call with the mark that it left.
account ask_and_kill(const troupe::restart_policy& policy, std::size_t killed_behind, kill_once state) {
  troupe::actor_system system;
  const troupe::shared_array<int> marks(calls);
  const auto actor = system.spawn<marker>({.restart = policy}, marks);
  std::vector<troupe::future<int>> all;
  try {
    for (std::size_t n = 0; n < calls; ++n) {
      all.push_back(actor.ask<&marker::mark>(n));
      if (n == killed_behind && state == kill_once::sent) actor.kill();
    }
    if (state == kill_once::begun) {
      CHECK(support::wait_until([&] { return marks.span()[killed_behind] != 0; }));
      actor.kill();
    }
  } catch (const troupe::actor_down&) {
    // What is not accepted leaves no mark: see below.
  }
  account told;
  std::vector<std::pair<int, int>> expected;  // at least, at most
  for (auto& each : all) {
    try {
      const int mark = each.get();
      CHECK(mark == 1);
      expected.emplace_back(1, 1);
      ++told.answered;
    } catch (const troupe::actor_down& down) {
      const bool had_begun = down.fate() == troupe::call_fate::died_running;
      expected.emplace_back(0, had_begun ? 1 : 0);
      ++(had_begun ? told.died_running : told.not_started);
    }
  }
  system.stop();
  expected.resize(calls);
  for (std::size_t n = 0; n < calls; ++n) {
    INFO("call " << n);
    CHECK(marks.span()[n] >= expected[n].first);
    CHECK(marks.span()[n] <= expected[n].second);
  }
  return told;
}

}  // namespace

TEST_CASE("what is said not to have begun has left no mark, and nothing leaves two") {
  int died_running = 0;
  for (std::size_t round = 0; round < 40; ++round) {
    const auto told = ask_and_kill({}, round * 4, round % 2 == 0 ? kill_once::sent : kill_once::begun);
    CHECK(told.died_running <= 1);
    died_running += told.died_running;
  }
  CHECK(died_running > 0);  // else no kill was in the middle of anything
}

TEST_CASE("where the actor comes back only the call that it died of is lost, and nothing leaves two marks") {
  constexpr troupe::restart_policy comes_back{.when = troupe::restart::on_crash, .delay = 1ms};
  for (std::size_t round = 0; round < 40; ++round) {
    const auto told = ask_and_kill(comes_back, round * 4, kill_once::sent);
    CHECK(told.not_started == 0);
    CHECK(told.died_running <= 1);
    CHECK(told.answered + told.died_running == static_cast<int>(calls));
  }
}
