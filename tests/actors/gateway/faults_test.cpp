// Histories of three nodes whose network, actors and gateways fail at random moments: what every one of them must have in
// common.
#include <troupe/node.hpp>
#include <troupe/troupe.hpp>

#include "place.hpp"
#include "proxy.hpp"
#include "support/processes.hpp"

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using support::place;
using support::stream;
using support::toxics;

namespace {

constexpr auto soon = 100s;
constexpr auto heartbeat = 400ms;
constexpr int actors_on_each = 2;

/// Is told and asked numbers in order, none left out and none twice.
class strict {
 public:
  void note(int n) {
    if (n != notes_) is_wrong_ = true;
    ++notes_;
  }
  /// How many it has been told; negative where any was not the one that was due.
  int next(int n) {
    if (n != asked_) is_wrong_ = true;
    ++asked_;
    return is_wrong_ ? -notes_ : notes_;
  }
  int asked() const { return asked_; }
  int pid() const { return troupe::this_actor::pid(); }

 private:
  int notes_ = 0;
  int asked_ = 0;
  bool is_wrong_ = false;
};

/// One actor of another node, and a thread that tells and asks it until its end, or that of the history.
class conversation {
 public:
  conversation(troupe::actor_system& system, const troupe::peer& where)
      : with_{system.spawn<strict>({.on = where})}, pid_{with_.ask<&strict::pid>().get(soon)} {
    with_.on_down([told = ends_told_](const troupe::exit_status&) { ++*told; });
    thread_ = std::thread{[this] { talk(); }};
  }
  conversation(const conversation&) = delete;
  conversation& operator=(const conversation&) = delete;
  ~conversation() {
    if (thread_.joinable()) finish();
  }

  /// Where it runs, unless it has ended.
  void kill(const troupe::actor_system& there) {
    for (const auto& each : there.actors()) {
      if (each.pid != pid_) continue;
      is_killed_ = true;
      ::kill(pid_, SIGKILL);
    }
  }
  void finish() {
    is_over_ = true;
    thread_.join();
  }

  /// After `finish`.
  void check() {
    INFO(problem_);
    CHECK(problem_.empty());
    // Of one that has died this waits until that is known: nobody has asked it since.
    if (!down_ && is_killed_) down_ = with_.join().kind;
    if (!down_) return check_living();
    CHECK((down_ == troupe::exit_kind::node_down || (down_ == troupe::exit_kind::signal && is_killed_)));
    CHECK(support::wait_until([&] { return *ends_told_ != 0; }));
    CHECK(*ends_told_ == 1);
    CHECK(with_.join().kind == down_);
    CHECK_FALSE(with_.is_alive());
  }

 private:
  void talk() try {
    for (int n = 0; !is_over_; ++n) {
      with_.tell<&strict::note>(n);
      auto answer = with_.ask<&strict::next>(n);
      const auto noted = answer.get(soon);
      if (noted != n + 1)
        problem_ = "of " + std::to_string(n + 1) + " numbers it had been told " + std::to_string(noted);
      answered_ = n + 1;
    }
  } catch (const troupe::actor_down& down) {
    down_ = down.status().kind;
  } catch (const std::exception& other) {
    problem_ = other.what();
  }

  void check_living() {
    try {
      const auto asked = with_.ask<&strict::asked>().get(soon);
      CHECK(asked == answered_);
      CHECK(*ends_told_ == 0);
    } catch (const troupe::actor_down& down) {
      CHECK(down.status().kind == troupe::exit_kind::node_down);  // only now
    }
  }

  troupe::actor<strict> with_;
  int pid_;
  std::shared_ptr<std::atomic<int>> ends_told_ =
      std::make_shared<std::atomic<int>>(0);  // may be told after this
  std::atomic<bool> is_over_ = false;
  bool is_killed_ = false;
  int answered_ = 0;
  std::optional<troupe::exit_kind> down_;
  std::string problem_;
  std::thread thread_;
};

/// A node that has joined by way of a stretch of network, and who talks to its actors.
struct far_node {
  far_node(place& first, const char* name)
      : between{support::port_of(first.node)}, there{{between.address()}, name, heartbeat} {
    for (int i = 0; i < actors_on_each; ++i)
      talks.push_back(std::make_unique<conversation>(first.system, there.node.self()));
  }
  support::proxy between;
  place there;
  std::vector<std::unique_ptr<conversation>> talks;
};

using generator = std::mt19937;

std::chrono::milliseconds up_to(std::chrono::milliseconds longest, generator& random) {
  return std::chrono::milliseconds{random() % static_cast<unsigned>(longest.count())};
}

/// Most are of the network, and over before anybody is given up; some are not.
std::string do_harm(far_node& to, generator& random) {
  auto& network = to.between;
  switch (random() % 12) {
    case 0: return network.cut(), "cut";
    case 1: {
      network.enable(false);
      network.cut();
      std::this_thread::sleep_for(up_to(heartbeat, random));
      return network.enable(true), "cut for a while";
    }
    case 2: return network.set({.latency = 20ms, .jitter = 15ms}), "late";
    case 3: return network.set({.bandwidth = 200'000}), "slow";
    case 4: return network.set({.slicer = 50}), "in slices";
    case 5:
      return network.set(stream::up, {.limit_data = 20'000, .reset_peer = true}),
             "reset after some bytes, upwards";
    case 6: return network.set(stream::down, {.limit_data = 20'000}), "ended after some bytes, downwards";
    case 7: {
      const auto which = random() % 2 == 0 ? stream::up : stream::down;
      network.set(which, {.timeout = true});
      std::this_thread::sleep_for(up_to(2 * heartbeat, random));
      network.set({});
      return network.cut(), "silent one way for a while";
    }
    case 8: return to.talks.at(random() % to.talks.size())->kill(to.there.system), "an actor killed";
    case 9: {
      if (random() % 3 != 0) return "nothing";
      const auto gateway = to.there.gateway();
      if (gateway != 0) ::kill(gateway, SIGKILL);
      return "its gateway killed";
    }
    case 10: {
      const auto gateway = to.there.gateway();
      if (gateway == 0) return "nothing";
      ::kill(gateway, SIGSTOP);
      std::this_thread::sleep_for(up_to(heartbeat, random));
      ::kill(gateway, SIGCONT);
      return "its gateway stopped for a while";
    }
    default: return network.set({}), "well again";
  }
}

void live_through(unsigned seed) {
  generator random{seed};
  std::string history;
  place first{{}, "first", heartbeat};
  std::array<std::unique_ptr<far_node>, 2> others{std::make_unique<far_node>(first, "second"),
                                                  std::make_unique<far_node>(first, "third")};
  for (int faults = 0; faults < 8; ++faults) {
    const auto which = random() % others.size();
    history += others.at(which)->there.node.self().name + ": " + do_harm(*others.at(which), random) + "; ";
    std::this_thread::sleep_for(up_to(100ms, random));  // a fault comes at any moment
  }
  INFO(history);
  for (const auto& each : others) each->between.set({});
  for (const auto& each : others) {
    for (const auto& talk : each->talks) talk->finish();
  }
  for (const auto& each : others) {
    for (const auto& talk : each->talks) talk->check();
  }
}

unsigned seeds() {
  const auto* const given = std::getenv("TROUPE_SEEDS");
  return given == nullptr ? 5 : static_cast<unsigned>(std::atoi(given));
}

}  // namespace

TEST_CASE(
    "whatever fails between nodes, nothing is lost or repeated, every ask ends, and every death is told "
    "once") {
  for (unsigned seed = 1; seed <= seeds(); ++seed) {
    INFO("seed " << seed);
    live_through(seed);
  }
}
