// State that many share in an actor of their own, which dies again and again.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <map>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// Who has added what, in a checkpoint: an addition is answered once it is in there.
class ledger {
 public:
  using entry = std::pair<int, int>;  // client, number
  ledger() {
    const auto saved = troupe::this_actor::restored_parts();
    troupe::unpacker from{saved};
    while (from.has_more()) entries_.push_back(from.next<entry>());
  }
  int add(const entry& what) {
    entries_.push_back(what);
    troupe::this_actor::extend_checkpoint(what);
    return what.second;
  }
  std::vector<entry> entries() const { return entries_; }
  unsigned incarnation() const { return troupe::this_actor::incarnation(); }
  void crash() { ::raise(SIGKILL); }

 private:
  std::vector<entry> entries_;
};

enum fate : int { unknown, acknowledged, not_started, died_running };
constexpr std::size_t additions = 1000;
using fates = troupe::shared_array<int>;

/// Writes down what it is told of each of its additions.
void add_all(troupe::actor<ledger> to, int client, fates told) {
  for (std::size_t n = 0; n < additions; ++n) {
    try {
      const int number = static_cast<int>(n);
      if (to.ask<&ledger::add>(ledger::entry{client, number}).get() == number) told.at(n) = acknowledged;
    } catch (const troupe::actor_down& down) {
      told.at(n) = down.fate() == troupe::call_fate::died_running ? died_running : not_started;
    }
  }
}

std::chrono::nanoseconds time_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

constexpr auto between_processes = 500ms;

/// In permille of the wait for an answer: how much this process works in it.
std::int64_t work_while_waiting(troupe::actor<ledger> on) {
  const auto begun = time_of(CLOCK_MONOTONIC), worked = time_of(CLOCK_PROCESS_CPUTIME_ID);
  (void)on.ask<&ledger::incarnation>().get();
  const auto work = time_of(CLOCK_PROCESS_CPUTIME_ID) - worked;
  // Who came late has waited for less, and done no more.
  return 1000 * work /
         std::max<std::chrono::nanoseconds>(time_of(CLOCK_MONOTONIC) - begun, between_processes);
}

class client {
 public:
  explicit client(troupe::actor<ledger> on) : on_{std::move(on)} {}
  std::int64_t wait() const { return work_while_waiting(on_); }

 private:
  troupe::actor<ledger> on_;
};

std::size_t count_told(const std::vector<fates>& told) {
  std::size_t many = 0;
  for (const auto& each : told) {
    for (std::size_t n = 0; n < additions; ++n) many += each.atomic(n).load() != unknown;
  }
  return many;
}

/// In the middle of the work of the clients, each time when it has come somewhat farther.
void kill_again_and_again(const troupe::actor_system& system, const troupe::actor<ledger>& state,
                          const std::vector<fates>& told) {
  for (std::size_t kills = 0; kills < 50; ++kills) {
    REQUIRE(support::wait_until([&] { return count_told(told) >= kills * told.size() * additions / 60; }));
    CHECK(state.ask<&ledger::incarnation>().get() == kills);
    state.kill();
    REQUIRE(support::wait_until([&] { return system.tree().owns.front().actor.incarnation > kills; }));
  }
}

void check_client(const fates& told, int client, std::map<ledger::entry, int>& kept) {
  int died = 0;
  for (std::size_t n = 0; n < additions; ++n) {
    const int fate = told.at(n);
    const int times = kept[{client, static_cast<int>(n)}];
    CAPTURE(client, n, fate, times);
    CHECK(fate != unknown);
    if (fate == acknowledged) CHECK(times == 1);
    if (fate == not_started) CHECK(times == 0);
    if (fate == died_running) CHECK(times <= 1);
    died += fate == died_running;
  }
  CHECK(died <= 50);
}

}  // namespace

TEST_CASE("shared state whose actor is killed fifty times under load is what its clients were told",
          "[one_machine]") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto state = system.spawn<ledger>({.restart = {.when = troupe::restart::on_crash,
                                                       .most = 1000,
                                                       .within = 60s,
                                                       .delay = 1ms,
                                                       .longest_delay = 2ms}});
  std::vector<fates> told;
  std::vector<troupe::process> clients;
  for (int client = 0; client < 3; ++client) {
    told.emplace_back(additions);
    clients.push_back(system.spawn<add_all>(state, client, told.back()));
  }
  kill_again_and_again(system, state, told);
  for (const auto& each : clients) CHECK(each.join().ok());
  std::map<ledger::entry, int> kept;
  for (const auto& each : state.ask<&ledger::entries>().get()) ++kept[each];
  for (int client = 0; client < 3; ++client)
    check_client(told[static_cast<std::size_t>(client)], client, kept);
}

TEST_CASE("who waits for state that is between two processes does nothing meanwhile") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto state = system.spawn<ledger>({.restart = {.when = troupe::restart::on_crash,
                                                       .most = 10,
                                                       .within = 60s,
                                                       .delay = between_processes,
                                                       .longest_delay = between_processes}});
  const auto other = system.spawn<client>(state);
  CHECK(other.ask<&client::wait>().get() >= 0);
  for (int round = 0; round < 2; ++round) {
    CHECK_THROWS_AS(state.ask<&ledger::crash>().get(), troupe::actor_down);
    auto in_other = other.ask<&client::wait>();
    CHECK(work_while_waiting(state) < 50);
    CHECK(in_other.get() < 50);
  }
}
