// Pools' workers and topologies' stages on other nodes.
#include <troupe/node.hpp>
#include <troupe/pool.hpp>
#include <troupe/topology.hpp>

#include "actors/topology/numbers.hpp"
#include "place.hpp"
#include "support/processes.hpp"
#include "support/range.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <numeric>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

using support::place;
using support::range;
using tests::number;

int square(int n) { return n * n; }
int slow_square(int n) {
  std::this_thread::sleep_for(2ms);
  return n * n;
}
int die_if_negative(int n) {
  if (n < 0) ::raise(SIGKILL);
  return n;
}
std::vector<int> squares(int count) {
  std::vector<int> all;
  for (int n = 0; n < count; ++n) all.push_back(n * n);
  return all;
}

/// The processes of that system whose names begin so.
std::vector<pid_t> called(const troupe::actor_system& system, const std::string& beginning) {
  std::vector<pid_t> all;
  for (const auto& each : system.actors()) {
    if (each.name.starts_with(beginning)) all.push_back(each.pid);
  }
  return all;
}

void kill_one(const troupe::actor_system& system, const std::string& beginning) {
  const auto all = called(system, beginning);
  if (!all.empty()) ::kill(all.front(), SIGKILL);
}

class squarer {
 public:
  void operator()(const number& n, troupe::outlet<number>& out) {
    if (++handled_ % 64 == 0) std::this_thread::sleep_for(1ms);  // so that there is a run to kill in
    out.emit(n * n);
  }

 private:
  int handled_ = 0;
};
class adder {
 public:
  void operator()(const number& n) { sum_ += n; }
  number result() const { return sum_; }
  number save() const { return sum_; }
  void restore(number sum) { sum_ = sum; }

 private:
  number sum_ = 0;
};

constexpr number count = 20'000;

troupe::topology sum_of_squares() {
  troupe::topology graph{"sum_of_squares"};
  const auto source = graph.source<tests::numbers>("numbers", count);
  const auto stage = graph.stage<squarer>("square", {.replicas = 4});
  const auto sink = graph.sink<adder>("sum");
  graph.connect(source, stage);
  graph.connect(stage, sink);
  graph.conclude(sink, [](const std::vector<number>& sums, const troupe::run_report&) {
    return troupe::summary{.text = std::to_string(sums.front())};
  });
  return graph;
}

std::string expected_sum() { return std::to_string((count - 1) * count * (2 * count - 1) / 6); }

}  // namespace

TEST_CASE("places are dealt out in turn, one for each processor, of all nodes or of some") {
  place first{{}, "one"}, second{{first.node.address()}, "two"};
  const auto processors = first.node.members().front().processors;
  const auto all = first.node.places();
  REQUIRE(all.size() == 2 * processors);
  CHECK(all[0].is_here());
  CHECK(all[1].node == second.node.self().number);
  CHECK(first.node.places({"two"}).size() == processors);
  CHECK(first.node.places({second.node.address()}).front().node == second.node.self().number);
  CHECK(first.node.places({"three"}).empty());
}

TEST_CASE("a pool has its workers where it is told, and maps as if they were here") {
  place first, second{{first.node.address()}};
  troupe::pool pool{first.system, {.workers = 4, .name = "both", .nodes = {{}, second.node.self()}}};
  CHECK(called(first.system, "both-").size() == 2);
  CHECK(called(second.system, "both-").size() == 2);
  CHECK(pool.map<square>(range(0, 10'000)) == squares(10'000));
  CHECK(pool.submit<square>(9).get() == 81);
  troupe::pool there{first.system, {.name = "there", .nodes = first.node.places({second.node.address()})}};
  CHECK(there.size() == first.node.members().front().processors);
  CHECK(called(first.system, "there-").empty());
}

TEST_CASE("workers on another node may die at any moment, and each result is there once") {
  place first, second{{first.node.address()}};
  troupe::pool pool{first.system,
                    {.workers = 2, .name = "far", .nodes = {second.node.self()}, .max_attempts = 1000}};
  std::vector<int> results;
  for (const int result : pool.imap<slow_square>(range(0, 400), {.chunk_size = 4})) {
    results.push_back(result);
    if (results.size() % 40 == 0) kill_one(second.system, "far-");
  }
  CHECK(results == squares(400));
}

TEST_CASE(
    "an item that kills its workers on another node is given up, and begun no more often than it may be") {
  place first, second{{first.node.address()}};
  auto items = range(0, 100);
  items[30] = -1;
  for (const std::size_t most : {std::size_t{1}, std::size_t{3}}) {
    troupe::pool pool{first.system, {.workers = 2, .nodes = {second.node.self()}, .max_attempts = most}};
    const auto outcomes = pool.try_map<die_if_negative>(items);
    for (std::size_t i = 0; i < items.size(); ++i) CHECK(outcomes[i].has_value() == (i != 30));
    try {
      (void)outcomes[30].value();
    } catch (const troupe::quarantined& given_up) {
      CHECK(given_up.attempts().size() == most);
    }
  }
}

TEST_CASE(
    "where nobody may begin an item twice, what a dead worker on another node had is given up with it") {
  place first, second{{first.node.address()}};
  auto items = range(0, 10);
  items[4] = -1;
  troupe::pool pool{first.system, {.workers = 1, .nodes = {second.node.self()}, .max_attempts = 1}};
  const auto outcomes = pool.try_map<die_if_negative>(items, {.chunk_size = 5});
  for (std::size_t i = 0; i < items.size(); ++i) CHECK(outcomes[i].has_value() == (i >= 5));
}

TEST_CASE("a node that goes down leaves its pool's work to the others") {
  place first{{}, "", 500ms};
  auto second = std::make_unique<place>(std::vector{first.node.address()}, "", 500ms);
  place third{{first.node.address()}, "", 500ms};
  const std::vector<troupe::placement> both{second->node.self(), third.node.self()};
  troupe::pool pool{first.system, {.workers = 2, .nodes = both}};
  std::vector<int> results;
  for (const int result : pool.imap<slow_square>(range(0, 400), {.chunk_size = 4})) {
    results.push_back(result);
    if (results.size() == 100) ::kill(support::parent_of(second->gateway()), SIGKILL);
  }
  CHECK(results == squares(400));
  ::kill(support::parent_of(third.gateway()), SIGKILL);
  CHECK(pool.map<square>(range(0, 100)) == squares(100));  // here, in the end
}

TEST_CASE("a topology has its stages where it is told") {
  place first, second{{first.node.address()}};
  bool there = false;
  troupe::run_options options;
  options.nodes = {second.node.self()};
  options.progress_interval = 1ms;
  options.on_progress = [&](const troupe::progress&) {
    there = there || called(second.system, "square-").size() == 4;
  };
  const auto report = sum_of_squares().run(first.system, options);
  CHECK(report.ok);
  CHECK(report.result.text == expected_sum());
  CHECK(there);
}

TEST_CASE("stages on other nodes are killed, and the answer is complete and right") {
  place first, second{{first.node.address()}};
  troupe::run_options options;
  options.nodes = {{}, second.node.self()};
  options.chaos = troupe::chaos_options{.kills = 12, .seed = 1, .pace = 5ms};
  const auto report = sum_of_squares().run(first.system, options);
  CHECK(report.errors.empty());
  CHECK(report.result.text == expected_sum());
  CHECK(report.chaos.kills == 12);
  CHECK(report.items.lost == 0);
}

TEST_CASE("a node that goes down leaves a topology's stages to the others") {
  place first{{}, "", 500ms};
  auto second = std::make_unique<place>(std::vector{first.node.address()}, "", 500ms);
  troupe::run_options options;
  options.nodes = {second->node.self()};
  options.progress_interval = 1ms;
  bool is_killed = false;
  options.on_progress = [&](const troupe::progress& so_far) {
    if (so_far.nodes[1].handled > count / 10 && !std::exchange(is_killed, true))
      ::kill(support::parent_of(second->gateway()), SIGKILL);
  };
  const auto report = sum_of_squares().run(first.system, options);
  CHECK(is_killed);
  CHECK(report.errors.empty());
  CHECK(report.result.text == expected_sum());
}
