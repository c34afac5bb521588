// Edges that carry everything to everybody, and edges that keep order.
#include <troupe/topology.hpp>

#include "actors/topology/numbers.hpp"
#include "support/scaled.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using tests::number;
using tests::numbers;

/// Gives up every tenth position.
class leaky {
 public:
  std::optional<number> next(std::uint64_t position) const {
    if (position >= 200) return std::nullopt;
    if (position % 10 == 3) throw troupe::item_failed{"three"};
    return position;
  }
};

class collector {
 public:
  void operator()(const number& n) { items_.push_back(n); }
  std::vector<number> result() const { return items_; }

 private:
  std::vector<number> items_;
};

/// Some items take a hundred times as long as others, so that replicas overtake each other. `times` 1: each once.
class uneven {
 public:
  explicit uneven(number times) : times_{times} {}
  void operator()(const number& n, troupe::outlet<number>& out) const {
    for (volatile number left = n % 7 == 0 ? 200'000 : 2000; left != 0;) left = left - 1;
    for (number i = 0; i < times_; ++i) out.emit(n);
  }

 private:
  number times_;
};

/// Nothing of odd numbers, many of every fifth; fails at every eleventh; the number of items at the end.
class moody {
 public:
  void operator()(const number& n, troupe::outlet<number>& out) {
    ++seen_;
    for (volatile number left = n % 3 == 0 ? 50'000 : 500; left != 0;) left = left - 1;
    if (n % 11 == 10) throw troupe::item_failed{"eleven"};
    if (n % 2 == 1) return;
    for (number i = 0; i < (n % 5 == 0 ? 1000 : 1); ++i) out.emit(n);
  }
  void finish(troupe::outlet<number>& out) const { out.emit(1'000'000 + seen_); }

 private:
  number seen_ = 0;
};

/// Takes ten, and wants no more.
class ten {
 public:
  bool operator()(const number& n) {
    items_.push_back(n);
    return items_.size() < 10;
  }
  std::vector<number> result() const { return items_; }

 private:
  std::vector<number> items_;
};

class dying {
 public:
  void operator()(const number& n, troupe::outlet<number>& out) const {
    if (n == 500) std::abort();
    out.emit(n);
  }
};

struct collected {
  troupe::topology graph{"test"};
  std::vector<std::vector<number>> sinks;
  troupe::run_report report;

  template <class Sink = collector>
  troupe::node<number, void, std::vector<number>> collect(unsigned replicas = 1) {
    const auto sink = graph.sink<Sink>("collect", {.replicas = replicas});
    graph.conclude(sink, [this](std::vector<std::vector<number>> parts, const troupe::run_report&) {
      sinks = std::move(parts);
      return troupe::summary{};
    });
    return sink;
  }
  void run() {
    troupe::actor_system system{{.output = troupe::output::discard}};
    report = graph.run(system);
    CHECK(system.stop().killed.empty());
  }
};

std::vector<number> range(number count, number times = 1) {
  std::vector<number> all;
  for (number n = 0; n < count; ++n) all.insert(all.end(), times, n);
  return all;
}

void check_all_well(const troupe::run_report& report, number items) {
  CHECK(report.errors == std::vector<std::string>{});
  CHECK(report.items.in == items);
  CHECK(report.items.out == items);
  CHECK(report.items.lost == 0);
  CHECK(report.items.completed_twice == 0);
}

std::string complaint(const troupe::topology& graph) {
  try {
    troupe::actor_system system;
    (void)graph.run(system);
  } catch (const std::invalid_argument& problem) {
    return problem.what();
  }
  return "no complaint";
}

}  // namespace

TEST_CASE("broadcast brings every item to every replica, once") {
  collected test;
  const auto from = test.graph.source<numbers>("from", {.replicas = 2}, number{3000});
  const auto to = test.collect(3);
  test.graph.connect(from, to, troupe::broadcast);
  test.run();
  check_all_well(test.report, 3000);
  REQUIRE(test.sinks.size() == 3);
  for (auto& sink : test.sinks) {
    std::sort(sink.begin(), sink.end());
    CHECK((sink == range(3000)));
  }
  CHECK(test.report.edges[0].items == 9000);
}

TEST_CASE("broadcast through stages counts an item once all that became of it has arrived") {
  collected test;
  const auto from = test.graph.source<numbers>("from", number{200});
  const auto by = test.graph.stage<uneven>("by", {.replicas = 3}, number{2});
  const auto to = test.collect(2);
  test.graph.connect(from, by, troupe::broadcast);
  test.graph.connect(by, to, troupe::broadcast);
  test.run();
  check_all_well(test.report, 200);
  for (auto& sink : test.sinks) {
    std::sort(sink.begin(), sink.end());
    CHECK((sink == range(200, 6)));
  }
}

TEST_CASE("an item of a broadcast that one replica never took is lost") {
  collected test;
  const auto from = test.graph.source<numbers>("from", number{1000});
  const auto to = test.collect<ten>(2);
  test.graph.connect(from, to, troupe::broadcast);
  test.run();
  CHECK_FALSE(test.report.ok);
  CHECK(test.report.items.out <= 10);
  CHECK(test.report.items.lost >= 990);
  CHECK(test.report.items.completed_twice == 0);
}

TEST_CASE("in order, items come out as the source made them, however unevenly replicas work") {
  collected test;
  const auto from = test.graph.source<numbers>("from", {.replicas = GENERATE(1U, 3U)}, number{3000});
  const auto by = test.graph.stage<uneven>("by", {.replicas = 4}, number{1});
  const auto to = test.collect();
  test.graph.connect(from, by);
  test.graph.connect(by, to, troupe::in_source_order{.window = GENERATE(1U, 2U, 50U, 1024U)});
  test.run();
  check_all_well(test.report, 3000);
  REQUIRE(test.sinks.size() == 1);
  CHECK((test.sinks[0] == range(3000)));
}

TEST_CASE("without it they do not") {
  // What the cases before this one would see if edges kept no order.
  for (int round = 0; round < 20; ++round) {
    collected test;
    const auto from = test.graph.source<numbers>("from", number{3000});
    const auto by = test.graph.stage<uneven>("by", {.replicas = 4}, number{1});
    const auto to = test.collect();
    test.graph.connect(from, by);
    test.graph.connect(by, to);
    test.run();
    check_all_well(test.report, 3000);
    if (test.sinks.at(0) != range(3000)) return;
  }
  FAIL("20 runs of four replicas, and no item ever overtook another: the order is no test");
}

TEST_CASE("in order, directly from several processes of a source") {
  collected test;
  const auto from = test.graph.source<numbers>("from", {.replicas = 3}, number{2000});
  const auto to = test.collect();
  test.graph.connect(from, to, troupe::in_order);
  test.run();
  check_all_well(test.report, 2000);
  CHECK((test.sinks.at(0) == range(2000)));
}

TEST_CASE("in order, items that come to nothing, to many or to grief hold nobody up, and ends come last") {
  collected test;
  const auto from = test.graph.source<numbers>("from", number{500});
  const auto by = test.graph.stage<moody>("by", {.replicas = 3});
  const auto beside = test.graph.sink<collector>("beside");
  const auto to = test.collect();
  test.graph.connect(from, by, troupe::by_key<[](const number& n) { return n; }>);
  test.graph.connect(by, beside);  // the first edge carries what says that nothing came of an item
  test.graph.connect(by, to, troupe::in_source_order{.window = 16});
  test.run();
  CHECK(test.report.items.in == 500);
  CHECK(test.report.items.failed == 45);
  CHECK(test.report.items.completed_twice == 0);
  auto& items = test.sinks.at(0);
  std::vector<number> expected;
  for (number n = 0; n < 500; n += 2) {
    if (n % 11 != 10) expected.insert(expected.end(), n % 5 == 0 ? 1000 : 1, n);
  }
  REQUIRE(items.size() == expected.size() + 3);
  number ends = 0;
  for (std::size_t i = expected.size(); i < items.size(); ++i) ends += items[i] - 1'000'000;
  CHECK(ends == 500);
  items.resize(expected.size());
  CHECK((items == expected));
}

TEST_CASE("in order, positions that a source gave up are not waited for") {
  collected test;
  const auto from = test.graph.source<leaky>("from", {.replicas = 2});
  const auto beside = test.graph.sink<collector>("beside");
  const auto by = test.graph.stage<uneven>("by", {.replicas = 2}, number{1});
  const auto to = test.collect();
  test.graph.connect(from, beside);  // the first edge carries the failures
  test.graph.connect(from, by);
  test.graph.connect(by, to, troupe::in_source_order{.window = 4});
  test.run();
  CHECK(test.report.items.failed == 20);
  CHECK(test.sinks.at(0).size() == 180);
  CHECK(std::is_sorted(test.sinks.at(0).begin(), test.sinks.at(0).end()));
}

TEST_CASE("in order, replicas of the next node share the items in that order") {
  collected test;
  const auto from = test.graph.source<numbers>("from", number{2000});
  const auto by = test.graph.stage<uneven>("by", {.replicas = 3}, number{1});
  const auto to = test.collect(2);
  test.graph.connect(from, by);
  test.graph.connect(by, to, troupe::in_order);
  test.run();
  check_all_well(test.report, 2000);
  for (const auto& sink : test.sinks) CHECK(std::is_sorted(sink.begin(), sink.end()));
}

TEST_CASE("in order, who wants no more ends the run, and one that dies breaks it off") {
  {
    collected test;
    constexpr number count = support::scaled(100'000);
    const auto from = test.graph.source<numbers>("from", count);
    const auto by = test.graph.stage<uneven>("by", {.replicas = 2}, number{1});
    const auto to = test.collect<ten>();
    test.graph.connect(from, by);
    test.graph.connect(by, to, troupe::in_source_order{.capacity = 10, .window = 8});
    test.run();
    CHECK((test.sinks.at(0) == range(10)));
    CHECK(test.report.items.lost == count - 10);
  }
  collected test;
  const auto from = test.graph.source<numbers>("from", number{support::scaled(100'000)});
  const auto by = test.graph.stage<dying>("by", {.replicas = 2});
  const auto to = test.collect();
  test.graph.connect(from, by);
  test.graph.connect(by, to, troupe::in_order);
  test.run();
  REQUIRE(test.report.errors.size() == 1);
  CHECK_THAT(test.report.errors[0], Catch::Contains("SIGABRT"));
}

TEST_CASE("edges that cannot keep order are refused, and so are mixtures of inboxes") {
  {
    troupe::topology graph{"t"};
    const auto from = graph.source<numbers>("a", number{1});
    const auto one = graph.stage<uneven>("b", number{1});
    const auto two = graph.stage<uneven>("c", number{1});
    graph.connect(from, one);
    graph.connect(one, two);
    graph.connect(two, graph.sink<collector>("d"), troupe::in_order);
    CHECK(
        complaint(graph) ==
        "topology 't': 'c' gives in order, so only sources may lead to it, by queue or by key: 'b' does not");
  }
  {
    troupe::topology graph{"t"};
    const auto from = graph.source<numbers>("a", number{1});
    const auto one = graph.stage<uneven>("b", {.replicas = 2}, number{1});
    graph.connect(from, one, troupe::broadcast);
    graph.connect(one, graph.sink<collector>("d"), troupe::in_order);
    CHECK_THAT(complaint(graph), Catch::Contains("'b' gives in order"));
  }
  troupe::topology graph{"t"};
  const auto from = graph.source<numbers>("a", number{1});
  const auto to = graph.sink<collector>("b");
  graph.connect(from, to);
  CHECK_THROWS_AS(graph.connect(from, to, troupe::broadcast), std::invalid_argument);
  CHECK_THROWS_AS(graph.connect(from, to, troupe::in_source_order{.window = 0}), std::invalid_argument);
}

TEST_CASE("edges are drawn as what they are") {
  troupe::topology graph{"t"};
  const auto from = graph.source<numbers>("a", number{1});
  const auto by = graph.stage<uneven>("b", {.replicas = 2}, number{1});
  const auto to = graph.sink<collector>("c");
  const auto all = graph.sink<collector>("d", {.replicas = 2});
  graph.connect(from, by);
  graph.connect(by, to, troupe::in_order);
  graph.connect(by, all, troupe::broadcast);
  CHECK_THAT(graph.dot(), Catch::Contains(R"("b" -> "c" [label="in order", style=dashed];)"));
  CHECK_THAT(graph.dot(), Catch::Contains(R"("b" -> "d" [label="to all", style=bold];)"));
  CHECK_THAT(graph.mermaid(), Catch::Contains(R"(n1 -.->|"in order"| n2)"));
  CHECK_THAT(graph.mermaid(), Catch::Contains(R"(n1 ==>|"to all"| n3)"));
  CHECK_THAT(graph.describe(), Catch::Contains("-> c (in order), d (to all)"));
}
