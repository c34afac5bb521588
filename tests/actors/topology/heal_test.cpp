// Deaths in the middle of a run: what came of it is what a quiet run gives, and the side log, which each handler writes
// itself, says how often each item was begun.
#include <troupe/topology.hpp>

#include "actors/topology/numbers.hpp"
#include "samples/folder.hpp"
#include "support/processes.hpp"
#include "support/scaled.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

using tests::number;
using tests::numbers;

/// Kills its process by SIGKILL at a number, so often; that is counted by files, which outlive it.
struct death {
  std::string folder{};
  number at = 0;
  unsigned times = 1;

  void come(number n) const {
    if (folder.empty() || n != at) return;
    for (unsigned i = 0; i < times; ++i) {
      const auto mark = folder + "/died-" + std::to_string(n) + "-" + std::to_string(i);
      if (const int made = ::open(mark.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600); made >= 0) {
        ::close(made);
        std::raise(SIGKILL);
      }
    }
  }
  /// A line in the side log.
  void begin(number n) const {
    if (folder.empty()) return;
    const auto line = std::to_string(n) + "\n";
    const int log = ::open((folder + "/log").c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
    if (::write(log, line.data(), line.size()) < 0) std::abort();
    ::close(log);
  }
};

std::map<number, unsigned> begun(const samples::folder& where) {
  std::map<number, unsigned> all;
  std::ifstream log{where / "log"};
  for (number n = 0; log >> n;) ++all[n];
  return all;
}

std::uint64_t sum_of(const std::map<number, unsigned>& counts) {
  std::uint64_t sum = 0;
  for (const auto& [n, count] : counts) sum += count;
  return sum;
}

class mortal_source {
 public:
  mortal_source(number count, death when) : count_{count}, when_{std::move(when)} {}
  std::optional<number> next(std::uint64_t position) const {
    when_.come(position);
    return position < count_ ? std::optional{position} : std::nullopt;
  }

 private:
  number count_;
  death when_;
};

/// Gives each number twice, and dies between the two.
class mortal_stage {
 public:
  explicit mortal_stage(death when) : when_{std::move(when)} {}
  void operator()(const number& n, troupe::outlet<number>& out) const {
    when_.begin(n);
    out.emit(n);
    when_.come(n);
    out.emit(n);
  }

 private:
  death when_;
};

/// Gives, from the tenth number on, the sum so far, and at its end how many there were.
class remembering_stage {
 public:
  explicit remembering_stage(death when) : when_{std::move(when)} {}
  void operator()(const number& n, troupe::outlet<number>& out) {
    when_.come(n);
    seen_.push_back(n);
    if (seen_.size() >= 10) out.emit(std::accumulate(seen_.end() - 10, seen_.end(), number{0}));
  }
  void finish(troupe::outlet<number>& out) const { out.emit(1'000'000 + seen_.size()); }
  std::vector<number> save() const { return seen_; }
  void restore(std::vector<number> saved) { seen_ = std::move(saved); }

 private:
  death when_;
  std::vector<number> seen_;
};

/// What it has is lost with it.
class forgetful_sink {
 public:
  explicit forgetful_sink(death when) : when_{std::move(when)} {}
  void operator()(const number& n) {
    when_.begin(n);
    seen_.push_back(n);
    when_.come(n);
  }
  std::vector<number> result() const { return seen_; }

 protected:
  death when_;
  std::vector<number> seen_;
};

class saving_sink : public forgetful_sink {
 public:
  explicit saving_sink(death when) : forgetful_sink{std::move(when)} {}
  std::vector<number> save() const { return seen_; }
  void restore(std::vector<number> saved) { seen_ = std::move(saved); }
};

/// Without a result: what it has done is known from its ledger alone.
class mute_sink {
 public:
  explicit mute_sink(death when) : when_{std::move(when)} {}
  void operator()(const number& n) const {
    when_.begin(n);
    when_.come(n);
  }

 private:
  death when_;
};

struct run_result {
  std::vector<number> items;  ///< of all sinks
  troupe::run_report report;
};

template <class Node>
void keep_results(troupe::topology& graph, const Node& sink, std::vector<number>& items) {
  graph.conclude(sink, [&items](const std::vector<std::vector<number>>& parts, const troupe::run_report&) {
    items.clear();
    for (const auto& part : parts) items.insert(items.end(), part.begin(), part.end());
    return troupe::summary{};
  });
}

troupe::run_report run(const troupe::topology& graph, const troupe::run_options& options = {}) {
  troupe::actor_system system{{.output = troupe::output::discard}};
  auto report = graph.run(system, options);
  CHECK(system.stop().killed.empty());
  return report;
}

void check_complete(const troupe::run_report& report, number items) {
  CHECK(report.errors == std::vector<std::string>{});
  CHECK(report.ok);
  CHECK(report.items.in == items);
  CHECK(report.items.out == items);
  CHECK(report.items.lost == 0);
  CHECK(report.items.completed_twice == 0);
}

std::vector<number> range(number count, unsigned times = 1) {
  std::vector<number> all;
  for (number n = 0; n < count; ++n) all.insert(all.end(), times, n);
  return all;
}

std::vector<number> sorted(std::vector<number> all) {
  std::sort(all.begin(), all.end());
  return all;
}

constexpr number many = 5000;

}  // namespace

TEST_CASE(
    "a stage's replica that dies is replaced alone: its items are handled again, and nothing comes twice") {
  const auto replicas = GENERATE(1U, 3U);
  const samples::folder folder;
  troupe::topology graph{"test"};
  const auto from = graph.source<numbers>("from", many);
  const auto by = graph.stage<mortal_stage>("by", {.replicas = replicas}, death{folder.path(), 2500});
  const auto to = graph.sink<saving_sink>("to", {.replicas = 2}, death{});
  graph.connect(from, by);
  graph.connect(by, to, troupe::by_key<[](const number& n) { return n; }>);
  std::vector<number> items;
  keep_results(graph, to, items);
  const auto report = run(graph);
  check_complete(report, many);
  CHECK(sorted(items) == range(many, 2));
  CHECK(report.chaos.healed == 1);
  CHECK(report.chaos.restarts == 0);
  const auto log = begun(folder);
  CHECK(log.size() == many);
  CHECK(log.at(2500) == 2);
  CHECK(report.items.repeated_starts == sum_of(log) - many);
  CHECK(std::all_of(log.begin(), log.end(), [](const auto& each) { return each.second <= 2; }));
}

TEST_CASE("a source that dies is asked again from the first position that it has not sent on") {
  const samples::folder folder;
  troupe::topology graph{"test"};
  const auto from = graph.source<mortal_source>("from", {.replicas = 2}, many, death{folder.path(), 3001, 3});
  const auto to = graph.sink<saving_sink>("to", death{});
  graph.connect(from, to);
  std::vector<number> items;
  keep_results(graph, to, items);
  const auto report = run(graph);
  check_complete(report, many);
  CHECK(sorted(items) == range(many));
  CHECK(report.chaos.healed == 3);
  CHECK(report.chaos.restarts == 0);
  CHECK(report.items.repeated_starts == 3);
}

TEST_CASE("a sink that saves what it has seen goes on from there, in another process") {
  const auto replicas = GENERATE(1U, 2U);
  const samples::folder folder;
  troupe::topology graph{"test"};
  const auto from = graph.source<numbers>("from", many);
  const auto to = graph.sink<saving_sink>("to", {.replicas = replicas}, death{folder.path(), 4000, 2});
  graph.connect(from, to);
  std::vector<number> items;
  keep_results(graph, to, items);
  const auto report = run(graph);
  check_complete(report, many);
  CHECK(sorted(items) == range(many));
  if (replicas == 1) CHECK(items == range(many));
  CHECK(report.chaos.healed == 2);
  CHECK(report.chaos.restarts == 0);
  CHECK(report.items.repeated_starts == sum_of(begun(folder)) - many);
}

TEST_CASE("a sink without a result is replaced alone, and its ledger is not lost") {
  const samples::folder folder;
  troupe::topology graph{"test"};
  const auto from = graph.source<numbers>("from", many);
  const auto to = graph.sink<mute_sink>("to", death{folder.path(), 4000});
  graph.connect(from, to);
  const auto report = run(graph);
  check_complete(report, many);
  CHECK(begun(folder).size() == many);
  CHECK(report.chaos.healed == 1);
}

TEST_CASE("with a sink that cannot save what it has seen, the run begins again from its sources") {
  const samples::folder folder;
  troupe::topology graph{"test"};
  const auto from = graph.source<numbers>("from", many);
  const auto to = graph.sink<forgetful_sink>("to", death{folder.path(), 4000, 2});
  graph.connect(from, to);
  std::vector<number> items;
  keep_results(graph, to, items);
  const auto report = run(graph);
  check_complete(report, many);
  CHECK(items == range(many));
  CHECK(report.chaos.healed == 0);
  CHECK(report.chaos.restarts == 2);
  CHECK(begun(folder).at(0) == 3);
}

TEST_CASE("what a stage with a state gives does not depend on whether it died") {
  const auto outcome_with = [](const death& when) {
    troupe::topology graph{"test"};
    const auto from = graph.source<numbers>("from", many);
    const auto by = graph.stage<remembering_stage>("by", when);
    const auto to = graph.sink<saving_sink>("to", death{});
    graph.connect(from, by);
    graph.connect(by, to);
    run_result result;
    keep_results(graph, to, result.items);
    result.report = run(graph);
    return result;
  };
  const samples::folder folder;
  const auto quiet = outcome_with({});
  const auto disturbed = outcome_with({folder.path(), 3000, 2});
  check_complete(disturbed.report, many);
  CHECK(disturbed.report.chaos.healed == 2);
  CHECK(disturbed.report.chaos.restarts == 0);
  CHECK(disturbed.items == quiet.items);
}

TEST_CASE("order is kept though a replica dies before the edge that keeps it") {
  const samples::folder folder;
  troupe::topology graph{"test"};
  const auto from = graph.source<numbers>("from", many);
  const auto by = graph.stage<mortal_stage>("by", {.replicas = 3}, death{folder.path(), 2000, 2});
  const auto to = graph.sink<saving_sink>("to", death{});
  graph.connect(from, by);
  graph.connect(by, to, troupe::in_order);
  std::vector<number> items;
  keep_results(graph, to, items);
  const auto report = run(graph);
  check_complete(report, many);
  CHECK(items == range(many, 2));
  CHECK(report.chaos.healed == 2);
}

TEST_CASE("an item that kills whoever takes it is begun so often as it may be, and then named") {
  const samples::folder folder;
  troupe::topology graph{"test"};
  const auto from = graph.source<numbers>("from", many);
  const auto by = graph.stage<mortal_stage>("by", death{folder.path(), 700, 1000});
  const auto to = graph.sink<saving_sink>("to", death{});
  graph.connect(from, by);
  graph.connect(by, to);
  const auto report = run(graph, {.max_attempts = 4});
  CHECK_FALSE(report.ok);
  REQUIRE(report.errors.size() == 1);
  CHECK_THAT(report.errors[0],
             Catch::Contains("SIGKILL; it was at item 700 of 'from', as at each of the 3 deaths before"));
  CHECK(begun(folder).at(700) == 4);
}

namespace {

class stillborn {
 public:
  stillborn() { std::raise(SIGKILL); }
  void operator()(const number&) const {}
};

}  // namespace

TEST_CASE("a process that dies before it gets to any item is not replaced for ever") {
  troupe::topology graph{"test"};
  const auto from = graph.source<numbers>("from", number{10});
  const auto to = graph.sink<stillborn>("to");
  graph.connect(from, to);
  const auto report = run(graph, {.max_attempts = 3});
  CHECK_FALSE(report.ok);
  REQUIRE(report.errors.size() == 1);
  CHECK_THAT(report.errors[0], Catch::StartsWith("actor 'to-1'") && Catch::Contains("it was at no item"));
}

TEST_CASE("the deaths of an inbox, of the board and of what keeps order are survived") {
  const std::string whom = GENERATE("by.inbox", "to.inbox", "board", "by.to.order");
  troupe::topology graph{"test"};
  constexpr number count = support::scaled(200'000);
  const auto from = graph.source<numbers>("from", count);
  const auto by = graph.stage<mortal_stage>("by", {.replicas = 2}, death{});
  const auto to = graph.sink<saving_sink>("to", death{});
  graph.connect(from, by);
  graph.connect(by, to, troupe::in_order);
  std::vector<number> items;
  keep_results(graph, to, items);
  bool killed = false;
  const auto kill_it = [&](const troupe::progress&) {
    const auto pid = killed ? 0 : support::descendant_called(whom, ::getpid());
    if (pid > 0) killed = ::kill(pid, SIGKILL) == 0;
  };
  const auto report = run(graph, {.on_progress = kill_it, .progress_interval = std::chrono::milliseconds{2}});
  CHECK(killed);
  check_complete(report, count);
  CHECK(items == range(count, 2));
  CHECK(report.chaos.restarts == 1);
}

TEST_CASE("whatever its edges are, a topology under kills gives what it gives without") {
  const auto seed = GENERATE(1U, 2U, 3U);
  troupe::topology graph{"test"};
  const auto from = graph.source<numbers>("from", {.replicas = 2}, many);
  const auto by = graph.stage<mortal_stage>("by", {.replicas = 2}, death{});
  const auto again = graph.stage<mortal_stage>("again", {.replicas = 2}, death{});
  const auto to = graph.sink<saving_sink>("to", {.replicas = 2}, death{});
  graph.connect(from, by);
  graph.connect(from, again);
  graph.connect(by, to, troupe::by_key<[](const number& n) { return n; }>);
  graph.connect(again, to, troupe::broadcast);
  std::vector<number> items;
  keep_results(graph, to, items);
  constexpr std::uint64_t kills = support::scaled(30);
  const auto report = run(graph, {.chaos = troupe::chaos_options{.kills = kills, .stops = 5, .seed = seed}});
  check_complete(report, many);
  CHECK(sorted(items) == range(many, 2 + 2 * 2));
  CHECK(report.chaos.kills == kills);
  CHECK(report.chaos.seed == seed);
}

TEST_CASE("without anything to be done, kills that were asked for are an error and not a wait") {
  troupe::topology graph{"test"};
  const auto from = graph.source<numbers>("from", number{0});
  const auto to = graph.sink<saving_sink>("to", death{});
  graph.connect(from, to);
  const auto report = run(graph, {.chaos = troupe::chaos_options{.kills = 1, .pace = std::chrono::hours{1}}});
  CHECK_FALSE(report.ok);
  REQUIRE(report.errors.size() == 1);
  CHECK_THAT(report.errors[0], Catch::StartsWith("the faults that were asked for could not be done"));
}
