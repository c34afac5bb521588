// Actors that go on on another node when theirs is down.
#include <troupe/node.hpp>
#include <troupe/troupe.hpp>

#include "place.hpp"
#include "support/processes.hpp"

#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <signal.h>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;
using support::place;

namespace {

constexpr auto soon = 60s;
const troupe::restart_policy comes_back{.when = troupe::restart::on_crash, .within = 60s};

class settler {
 public:
  explicit settler(int start) : total_{start} {}
  void add(int n) { total_ += n; }
  int total() const { return total_; }
  int guardian() const { return ::getppid(); }
  troupe::promise<int> never() {
    waiting_.emplace_back();
    return waiting_.back();
  }
  troupe::actor<settler> neighbour(int start) const {
    return troupe::this_actor::system().spawn<settler>(start);
  }

 private:
  int total_;
  std::vector<troupe::promise<int>> waiting_;
};

/// A node that is busy, and others that join it.
struct country {
  explicit country(std::size_t others) {
    for (std::size_t i = 0; i < others; ++i)
      all.push_back(std::make_unique<place>(std::vector{first.node.address()}));
    for (int i = 0; i < 9; ++i) first.system.spawn<settler>(i);
    REQUIRE(support::wait_until([&] { return first.node.members().front().actors >= 10; }));
  }
  troupe::actor<settler> settle(int start, troupe::restart_policy policy = comes_back) {
    return first.system.spawn<settler>({.on = troupe::anywhere, .restart = policy}, start);
  }
  static int guardian_of(const place& which) { return support::parent_of(which.gateway()); }
  /// The guardian of another of the nodes that joined.
  [[nodiscard]] int other_than(int guardian) const {
    for (const auto& each : all) {
      if (guardian_of(*each) != guardian) return guardian_of(*each);
    }
    return 0;
  }
  [[nodiscard]] bool is_elsewhere(int guardian) const { return guardian != guardian_of(first); }

  place first;
  std::vector<std::unique_ptr<place>> all;
};

void take_down(int guardian) { REQUIRE(::kill(guardian, SIGKILL) == 0); }

}  // namespace

TEST_CASE("an actor that was started anywhere and comes back goes on on another node when its node is down") {
  country nodes{2};
  auto it = nodes.settle(5);
  it.tell<&settler::add>(1);
  CHECK(it.ask<&settler::total>().get(soon) == 6);
  const int before = it.ask<&settler::guardian>().get(soon);
  REQUIRE(nodes.is_elsewhere(before));
  std::promise<troupe::exit_status> told;
  auto ended = told.get_future();
  it.on_down([&](const troupe::exit_status& how) { told.set_value(how); });
  auto due = it.ask<&settler::never>();
  take_down(before);
  try {
    static_cast<void>(due.get(soon));
    FAIL("an answer came");
  } catch (const troupe::actor_down& down) {
    CHECK(down.status().kind == troupe::exit_kind::node_down);
  }

  it.tell<&settler::add>(2);
  CHECK(it.ask<&settler::total>().get(soon) == 7);  // from its constructor on
  const int after = it.ask<&settler::guardian>().get(soon);
  CHECK(after != before);
  CHECK(nodes.is_elsewhere(after));
  const auto neighbour = it.ask<&settler::neighbour>(3).get(soon);
  CHECK(neighbour.ask<&settler::total>().get(soon) == 3);
  CHECK(neighbour.ask<&settler::guardian>().get(soon) == after);

  CHECK(ended.wait_for(0s) == std::future_status::timeout);
  it.stop();
  CHECK(it.join().kind == troupe::exit_kind::normal);
  CHECK(ended.get().kind == troupe::exit_kind::normal);
}

TEST_CASE("where no other node is left it goes on on the one that started it") {
  country nodes{1};
  auto it = nodes.settle(5);
  const int before = it.ask<&settler::guardian>().get(soon);
  REQUIRE(nodes.is_elsewhere(before));
  take_down(before);
  REQUIRE(support::wait_until([&] {
    try {
      return !nodes.is_elsewhere(it.ask<&settler::guardian>().get(soon));
    } catch (const troupe::actor_down&) {
      return false;
    }
  }));
  it.tell<&settler::add>(4);
  CHECK(it.ask<&settler::total>().get(soon) == 9);
  const auto neighbour = it.ask<&settler::neighbour>(3).get(soon);
  CHECK(neighbour.ask<&settler::total>().get(soon) == 3);
  it.kill();  // its process comes back there
  CHECK(support::wait_until([&] {
    try {
      return it.ask<&settler::total>().get(soon) == 5;
    } catch (const troupe::actor_down&) {
      return false;
    }
  }));
  it.stop();
  CHECK(it.join().kind == troupe::exit_kind::normal);
}

TEST_CASE("it moves as often as its policy says, and what it is then told of is the node that is down") {
  country nodes{2};
  auto it = nodes.settle(5, {.when = troupe::restart::on_crash, .most = 1, .within = 600s});
  const int first = it.ask<&settler::guardian>().get(soon);
  const int second = nodes.other_than(first);
  take_down(first);
  REQUIRE(support::wait_until([&] {
    try {
      return it.ask<&settler::guardian>().get(soon) == second;
    } catch (const troupe::actor_down&) {
      return false;
    }
  }));
  take_down(second);
  CHECK(it.join().kind == troupe::exit_kind::node_down);
  CHECK_THROWS_AS(it.tell<&settler::add>(1), troupe::actor_down);
}

TEST_CASE("what has no restart policy, or was started on one node, ends with its node") {
  country nodes{1};
  auto without = nodes.settle(5, {});
  auto bound = nodes.first.system.spawn<settler>({.on = nodes.all[0]->node.self(), .restart = comes_back}, 5);
  take_down(without.ask<&settler::guardian>().get(soon));
  CHECK(without.join().kind == troupe::exit_kind::node_down);
  CHECK(bound.join().kind == troupe::exit_kind::node_down);
}

TEST_CASE("what has been stopped is not started again where its node is down before it has heard of it") {
  country nodes{1};
  auto it = nodes.settle(5);
  REQUIRE(nodes.is_elsewhere(it.ask<&settler::guardian>().get(soon)));
  const auto gateway = nodes.all[0]->gateway();
  REQUIRE(::kill(gateway, SIGSTOP) == 0);
  it.stop();
  CHECK(it.join().kind == troupe::exit_kind::node_down);
  REQUIRE(::kill(gateway, SIGCONT) == 0);
}
