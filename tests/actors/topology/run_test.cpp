#include <troupe/this_actor.hpp>
#include <troupe/topology.hpp>

#include "actors/topology/numbers.hpp"
#include "support/processes.hpp"
#include "support/scaled.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

using tests::number;
using tests::numbers;

/// What a sink's process has seen.
struct seen {
  int pid = 0;
  std::vector<number> items;
};
class collector {
 public:
  void operator()(const number& n) { items_.push_back(n); }
  seen result() const { return {troupe::this_actor::pid(), items_}; }

 private:
  std::vector<number> items_;
};

/// Each number that many times.
class repeater {
 public:
  explicit repeater(number times) : times_{times} {}
  void operator()(const number& n, troupe::outlet<number>& out) const {
    for (number i = 0; i < times_; ++i) out.emit(n);
  }

 private:
  number times_;
};

/// Nothing until the end, then the sum.
class summer {
 public:
  void operator()(const number& n, troupe::outlet<number>&) { sum_ += n; }
  void finish(troupe::outlet<number>& out) const { out.emit(sum_); }

 private:
  number sum_ = 0;
};

std::vector<number> all_items(const std::vector<seen>& sinks) {
  std::vector<number> all;
  for (const auto& each : sinks) all.insert(all.end(), each.items.begin(), each.items.end());
  std::sort(all.begin(), all.end());
  return all;
}

/// A topology whose sinks collect, and what they have collected.
struct collected {
  troupe::topology graph{"test"};
  std::vector<seen> sinks;
  troupe::run_report report;

  troupe::node<number, void, seen> collect(unsigned replicas = 1) {
    const auto sink = graph.sink<collector>("collect", {.replicas = replicas});
    graph.conclude(sink, [this](std::vector<seen> parts, const troupe::run_report&) {
      sinks = std::move(parts);
      return troupe::summary{};
    });
    return sink;
  }
  void run() {
    troupe::actor_system system;
    report = graph.run(system);
    CHECK(system.stop().killed.empty());
  }
};

void check_all_well(const troupe::run_report& report, number items) {
  CHECK(report.errors == std::vector<std::string>{});
  CHECK(report.ok);
  CHECK(report.items.in == items);
  CHECK(report.items.out == items);
  CHECK(report.items.lost == 0);
  CHECK(report.items.failed == 0);
  CHECK(report.items.completed_twice == 0);
  for (const auto& actor : report.actors) {
    INFO(actor.name);
    CHECK(actor.exit.ok());
    CHECK(actor.pid > 0);
  }
}

void check_nothing_left(const troupe::run_report& report) {
  for (const auto& actor : report.actors) {
    INFO(actor.name);
    CHECK_FALSE(std::filesystem::exists("/proc/" + std::to_string(actor.pid)));
  }
}

std::vector<number> range(number count, number times = 1) {
  std::vector<number> all;
  for (number n = 0; n < count; ++n) all.insert(all.end(), times, n);
  return all;
}

}  // namespace

TEST_CASE("every item of several sources reaches exactly one of several sinks") {
  collected test;
  const auto from = test.graph.source<numbers>("from", {.replicas = 3}, number{10'000});
  const auto to = test.collect(3);
  test.graph.connect(from, to);
  test.run();
  check_all_well(test.report, 10'000);
  CHECK(all_items(test.sinks) == range(10'000));
  std::set<int> pids;
  for (const auto& sink : test.sinks) pids.insert(sink.pid);
  CHECK(pids.size() == 3);
  CHECK(test.report.edges.size() == 1);
  CHECK(test.report.edges[0].items == 10'000);
  CHECK(test.report.edges[0].bytes == 80'000);
}

TEST_CASE("a source without items ends the whole topology") {
  collected test;
  const auto from = test.graph.source<numbers>("from", number{0});
  const auto by = test.graph.stage<repeater>("by", {.replicas = 2}, number{2});
  const auto to = test.collect(2);
  test.graph.connect(from, by);
  test.graph.connect(by, to, troupe::by_key<[](const number& n) { return n; }>);
  test.run();
  check_all_well(test.report, 0);
}

TEST_CASE("items that come to nothing in a stage are accounted for") {
  collected test;
  const auto from = test.graph.source<numbers>("from", number{100});
  const auto by = test.graph.stage<repeater>("by", {.replicas = 2}, number{0});
  const auto to = test.collect(2);
  test.graph.connect(from, by);
  test.graph.connect(by, to, troupe::by_key<[](const number& n) { return n; }>);
  test.run();
  check_all_well(test.report, 100);
  CHECK(all_items(test.sinks).empty());
}

TEST_CASE("items of which a stage makes many are complete once") {
  collected test;
  const auto from = test.graph.source<numbers>("from", number{20});
  const auto by = test.graph.stage<repeater>("by", {.replicas = 2}, number{1000});
  const auto again = test.graph.stage<repeater>("again", {.replicas = 2}, number{3});
  const auto to = test.collect(3);
  test.graph.connect(from, by);
  test.graph.connect(by, again);
  test.graph.connect(again, to);
  test.run();
  check_all_well(test.report, 20);
  CHECK(all_items(test.sinks) == range(20, 3000));
}

TEST_CASE("by key, items of one key go to one replica") {
  collected test;
  const auto from = test.graph.source<numbers>("from", {.replicas = 2}, number{1000});
  const auto to = test.collect(4);
  test.graph.connect(from, to, troupe::by_key<[](const number& n) { return n % 10; }>);
  test.run();
  check_all_well(test.report, 1000);
  std::map<number, std::set<int>> where;
  std::set<int> pids;
  for (const auto& sink : test.sinks) {
    for (const auto n : sink.items) where[n % 10].insert(sink.pid);
    if (!sink.items.empty()) pids.insert(sink.pid);
  }
  CHECK(where.size() == 10);
  for (const auto& [key, sinks] : where) CHECK(sinks.size() == 1);
  CHECK(pids.size() > 1);
}

TEST_CASE("from one process to one, items keep their order") {
  collected test;
  const auto from = test.graph.source<numbers>("from", number{5000});
  const auto by = test.graph.stage<repeater>("by", number{1});
  const auto to = test.collect();
  test.graph.connect(from, by, {.capacity = 10});
  test.graph.connect(by, to, {.capacity = 1});
  test.run();
  check_all_well(test.report, 5000);
  CHECK(test.sinks.at(0).items == range(5000));
}

TEST_CASE("a stage gives its last items when its stream ends") {
  collected test;
  const auto from = test.graph.source<numbers>("from", number{101});
  const auto sum = test.graph.stage<summer>("sum", {.replicas = 2});
  const auto to = test.collect();
  test.graph.connect(from, sum);
  test.graph.connect(sum, to);
  test.run();
  check_all_well(test.report, 101);
  const auto& sums = test.sinks.at(0).items;
  CHECK(sums.size() == 2);
  CHECK(sums.at(0) + sums.at(1) == 5050);
}

TEST_CASE("each of several edges carries every item, and an item is complete when all its ways have ended") {
  collected test;
  const auto from = test.graph.source<numbers>("from", number{300});
  const auto twice = test.graph.stage<repeater>("twice", {.replicas = 2}, number{2});
  const auto never = test.graph.stage<repeater>("never", number{0});
  const auto to = test.collect(2);
  test.graph.connect(from, twice);
  test.graph.connect(from, never);
  test.graph.connect(from, to);
  test.graph.connect(twice, to);
  test.graph.connect(never, to);
  test.run();
  check_all_well(test.report, 300);
  CHECK(all_items(test.sinks) == range(300, 3));
}

TEST_CASE("a topology can be run again, also in the same system, which is left empty in between") {
  collected test;
  const auto from = test.graph.source<numbers>("from", number{50});
  const auto to = test.collect();
  test.graph.connect(from, to);
  troupe::actor_system system;
  for (int i = 0; i < 3; ++i) {
    const auto report = test.graph.run(system);
    check_all_well(report, 50);
    check_nothing_left(report);
  }
}

namespace {

class fails_on_odd {
 public:
  void operator()(const number& n, troupe::outlet<number>& out) const {
    out.emit(n);
    if (n % 2 == 1) throw troupe::item_failed{std::to_string(n) + " is odd"};
  }
};
class fails_in_source {
 public:
  std::optional<number> next(std::uint64_t position) const {
    if (position == 3) throw troupe::item_failed{"no three"};
    return position < 5 ? std::optional{position} : std::nullopt;
  }
};
class fails_in_sink {
 public:
  void operator()(const number& n) const {
    if (n == 2) throw troupe::item_failed{"no two"};
  }
};

}  // namespace

TEST_CASE("an item that a stage gives up is failed, not lost, and the others go on") {
  collected test;
  const auto from = test.graph.source<numbers>("from", number{10});
  const auto by = test.graph.stage<fails_on_odd>("picky", {.replicas = 2});
  const auto onward = test.graph.stage<repeater>("onward", number{1});
  const auto to = test.collect();
  test.graph.connect(from, by);
  test.graph.connect(by, onward);
  test.graph.connect(onward, to);
  test.run();
  CHECK_FALSE(test.report.ok);
  CHECK(test.report.items.in == 10);
  CHECK(test.report.items.out == 5);
  CHECK(test.report.items.failed == 5);
  CHECK(test.report.items.lost == 0);
  CHECK(all_items(test.sinks) == std::vector<number>{0, 2, 4, 6, 8});
  REQUIRE(test.report.errors.size() == 1);
  CHECK_THAT(test.report.errors[0], Catch::StartsWith("5 items of 10 failed:"));
  CHECK_THAT(test.report.errors[0], Catch::Contains("picky: 7 is odd"));
}

TEST_CASE("sources and sinks may give up items too") {
  troupe::topology graph{"test"};
  const auto from = graph.source<fails_in_source>("from");
  const auto to = graph.sink<fails_in_sink>("to");
  graph.connect(from, to);
  troupe::actor_system system;
  const auto report = graph.run(system);
  CHECK(report.items.in == 5);
  CHECK(report.items.out == 3);
  CHECK(report.items.failed == 2);
  CHECK(report.items.lost == 0);
  REQUIRE(report.errors.size() == 1);
  CHECK_THAT(report.errors[0], Catch::Contains("from: no three") && Catch::Contains("to: no two"));
}

namespace {

/// Takes that many, and no more.
class takes_some {
 public:
  explicit takes_some(number count) : count_{count} {}
  bool operator()(const number& n) {
    items_.push_back(n);
    return items_.size() < count_;
  }
  seen result() const { return {troupe::this_actor::pid(), items_}; }

 private:
  number count_;
  std::vector<number> items_;
};

}  // namespace

TEST_CASE("a replica that wants no more leaves the rest to the others") {
  collected test;
  const auto from = test.graph.source<numbers>("from", number{1000});
  const auto to = test.graph.sink<takes_some>("to", {.replicas = 4}, number{250});
  test.graph.conclude(to, [&](std::vector<seen> parts, const troupe::run_report&) {
    test.sinks = std::move(parts);
    return troupe::summary{};
  });
  test.graph.connect(from, to);
  test.run();
  check_all_well(test.report, 1000);
  for (const auto& sink : test.sinks) CHECK(sink.items.size() == 250);
  CHECK(all_items(test.sinks) == range(1000));
}

TEST_CASE("items that nobody takes any more do not hold the run up, and are counted as lost") {
  troupe::topology graph{"test"};
  const auto from = graph.source<numbers>("from", number{100'000});
  const auto to = graph.sink<takes_some>("to", number{10});
  graph.connect(from, to, {.capacity = 16});
  troupe::actor_system system;
  const auto report = graph.run(system);
  CHECK_FALSE(report.ok);
  CHECK(report.items.in == 100'000);
  CHECK(report.items.out == 10);
  CHECK(report.items.lost == 99'990);
}

namespace {

enum class death { kill, abort, exit, exception, exception_in_constructor };

class dies {
 public:
  explicit dies(death how) : how_{how} {
    if (how == death::exception_in_constructor) throw std::runtime_error{"born wrong"};
  }
  void operator()(const number& n, troupe::outlet<number>& out) const {
    out.emit(n);
    if (n != 500) return;
    std::cerr << "I cannot go on" << std::endl;
    if (how_ == death::kill) std::raise(SIGKILL);
    if (how_ == death::abort) std::abort();
    if (how_ == death::exit) std::_Exit(0);
    if (how_ == death::exception) throw std::out_of_range{"too far"};
  }

 private:
  death how_;
};

troupe::run_report run_with_death(death how) {
  troupe::topology graph{"test"};
  const auto from = graph.source<numbers>("from", {.replicas = 2}, number{~std::uint64_t{0}});
  const auto by = graph.stage<dies>("mortal", how);
  const auto to = graph.sink<collector>("to", {.replicas = 2});
  graph.connect(from, by, {.capacity = 100});
  graph.connect(by, to);
  troupe::actor_system system{{.output = troupe::output::discard}};
  auto report = graph.run(system);
  check_nothing_left(report);
  return report;
}

}  // namespace

TEST_CASE(
    "an item that kills ends the run with an error that says who, why, the item and the last words, and "
    "leaves nothing") {
  const auto how =
      GENERATE(death::kill, death::abort, death::exit, death::exception, death::exception_in_constructor);
  const std::map<death, std::string> causes{{death::kill, "SIGKILL"},
                                            {death::abort, "SIGABRT"},
                                            {death::exit, "actor 'mortal-1'"},
                                            {death::exception, "too far"},
                                            {death::exception_in_constructor, "born wrong"}};
  const auto report = run_with_death(how);
  CHECK_FALSE(report.ok);
  REQUIRE(report.errors.size() == 1);
  CHECK_THAT(report.errors[0], Catch::StartsWith("actor 'mortal-1' (process "));
  CHECK_THAT(report.errors[0], Catch::Contains(causes.at(how)));
  if (how != death::exit && how != death::exception_in_constructor) {
    CHECK_THAT(report.errors[0], Catch::Contains("    I cannot go on"));
    CHECK_THAT(report.errors[0], Catch::Contains("it was at item 500 of 'from'") ||
                                     Catch::Contains("is not known: it was on another node"));
  }
  CHECK(report.actors.size() == 8);
}

TEST_CASE(
    "whoever is killed while it runs and may be begun once only, the run ends, names it, and leaves "
    "nothing") {
  const std::string whom = GENERATE("from-2", "by-1", "by.inbox", "to-1.inbox", "to-2", "board");
  troupe::topology graph{"test"};
  const auto from = graph.source<numbers>("from", {.replicas = 2}, ~number{0});
  const auto by = graph.stage<repeater>("by", {.replicas = 2}, number{2});
  const auto to = graph.sink<collector>("to", {.replicas = 2});
  graph.connect(from, by);
  graph.connect(by, to, troupe::by_key<[](const number& n) { return n; }>);
  troupe::actor_system system;
  const auto kill_it = [&](const troupe::progress&) {
    if (const auto pid = support::descendant_called(whom, ::getpid()); pid > 0) ::kill(pid, SIGKILL);
  };
  const auto report = graph.run(
      system, {.on_progress = kill_it, .progress_interval = std::chrono::milliseconds{5}, .max_attempts = 1});
  CHECK_FALSE(report.ok);
  REQUIRE(report.errors.size() == 1);
  CHECK_THAT(report.errors[0],
             Catch::StartsWith("actor '" + whom + "' (process ") && Catch::Contains("SIGKILL"));
  check_nothing_left(report);
}

TEST_CASE("a conclusion that throws is an error of the run, not of the caller") {
  troupe::topology graph{"test"};
  const auto from = graph.source<numbers>("from", number{3});
  const auto to = graph.sink<collector>("to");
  graph.connect(from, to);
  graph.conclude(to, [](std::vector<seen>, const troupe::run_report&) -> troupe::summary {
    throw std::runtime_error{"hm"};
  });
  troupe::actor_system system;
  const auto report = graph.run(system);
  CHECK(report.errors == std::vector<std::string>{"the results could not be put together: hm"});
}

TEST_CASE("progress is told while it runs, node by node") {
  troupe::topology graph{"test"};
  // Without end, but for the sink's having enough: how long that takes does not matter.
  const auto from = graph.source<numbers>("from", number{support::scaled(2'000'000)});
  const auto to = graph.sink<collector>("to");
  graph.connect(from, to);
  troupe::actor_system system;
  std::vector<troupe::progress> told;
  const auto report =
      graph.run(system, {.on_progress = [&](const troupe::progress& so_far) { told.push_back(so_far); },
                         .progress_interval = std::chrono::milliseconds{1}});
  CHECK(report.ok);
  REQUIRE_FALSE(told.empty());
  CHECK(told.back().nodes.size() == 2);
  CHECK(told.back().nodes[0].name == "from");
  CHECK(told.back().nodes[1].handled <= support::scaled(2'000'000U));
}
