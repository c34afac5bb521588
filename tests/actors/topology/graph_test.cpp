#include <troupe/topology.hpp>

#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>

namespace {

struct entry {
  std::string word;
  int count = 0;
};
struct words {
  std::optional<entry> next(std::uint64_t position) const {
    return position < 3 ? std::optional{entry{"a", 1}} : std::nullopt;
  }
};
struct twice {
  void operator()(const entry& item, troupe::outlet<entry>& out) const {
    out.emit(item);
    out.emit(item);
  }
};
struct sum {
  void operator()(const entry& item) { total_ += item.count; }
  int result() const { return total_; }
  int total_ = 0;
};

/// What `act` complains of.
template <class Act>
std::string complaint(Act act) {
  try {
    act();
  } catch (const std::invalid_argument& problem) {
    return problem.what();
  }
  return "no complaint";
}

std::string run_complaint(const troupe::topology& graph) {
  return complaint([&] {
    troupe::actor_system system;
    graph.run(system);
  });
}

troupe::topology drawn() {
  troupe::topology graph{"drawn \"so\""};
  const auto from = graph.source<words>("words");
  const auto by = graph.stage<twice>("twice", {.replicas = 3});
  const auto to = graph.sink<sum>("sum", {.replicas = 2});
  graph.connect(from, by);
  graph.connect(by, to, troupe::by_key<&entry::word>);
  return graph;
}

}  // namespace

TEST_CASE("a topology is drawn for Graphviz") {
  CHECK(drawn().dot() == R"(digraph "drawn \"so\"" {
  rankdir=LR;
  "words" [label="words", shape=invhouse];
  "twice" [label="twice x3", shape=box];
  "sum" [label="sum x2", shape=house];
  "words" -> "twice" [label="queue"];
  "twice" -> "sum" [label="by word"];
}
)");
}

TEST_CASE("a topology is drawn for Mermaid") {
  CHECK(drawn().mermaid() == R"(flowchart LR
  n0(["words"])
  n1["twice x3"]
  n2[("sum x2")]
  n0 -->|"queue"| n1
  n1 -->|"by word"| n2
)");
}

TEST_CASE("a topology is described in lines") {
  CHECK(drawn().describe() == R"(drawn "so"
  source words, 1 process -> twice (queue)
  stage twice, 3 processes -> sum (by word)
  sink sum, 2 processes
)");
}

TEST_CASE("two nodes of one name are refused") {
  troupe::topology graph{"t"};
  graph.source<words>("a");
  CHECK(complaint([&] { graph.sink<sum>("a"); }) == "topology 't': two nodes are called 'a'");
}

TEST_CASE("a node without a name or without replicas is refused") {
  troupe::topology graph{"t"};
  CHECK(complaint([&] { graph.source<words>(""); }) == "topology 't': a node has no name");
  CHECK(complaint([&] { graph.source<words>("a", {.replicas = 0}); }) ==
        "topology 't': node 'a' has no replicas: give it one or more");
}

TEST_CASE("an edge without capacity is refused") {
  troupe::topology graph{"t"};
  const auto from = graph.source<words>("a");
  const auto to = graph.sink<sum>("b");
  CHECK(complaint([&] { graph.connect(from, to, {.capacity = 0}); }) ==
        "topology 't': the edge from 'a' to 'b' has no capacity");
}

TEST_CASE("edges by queue and by key into one node are refused") {
  troupe::topology graph{"t"};
  const auto from = graph.source<words>("a");
  const auto to = graph.sink<sum>("b");
  graph.connect(from, to);
  CHECK_THAT(complaint([&] { graph.connect(from, to, troupe::by_key<&entry::word>); }),
             Catch::StartsWith("topology 't': node 'b' has edges in by queue and by key"));
}

TEST_CASE("a node of another topology is refused") {
  troupe::topology other{"other"};
  (void)other.source<words>("a");
  const auto stranger = other.sink<sum>("b");
  troupe::topology graph{"t"};
  const auto from = graph.source<words>("a");
  CHECK(complaint([&] { graph.connect(from, stranger); }) ==
        "topology 't': an edge has a node of another topology");
}

TEST_CASE("a graph that would never end or leads nowhere is refused before anything starts") {
  troupe::topology graph{"t"};
  CHECK(run_complaint(graph) == "topology 't': it has no nodes");
  const auto from = graph.source<words>("a");
  CHECK(run_complaint(graph) == "topology 't': nothing leads from 'a' to a sink: connect it");
  const auto by = graph.stage<twice>("b");
  const auto to = graph.sink<sum>("c");
  graph.connect(from, to);
  CHECK(run_complaint(graph) == "topology 't': nothing leads from a source to 'b': connect it");
  graph.connect(by, by);
  CHECK(run_complaint(graph) == "topology 't': its edges go in a circle, so its stream would never end");
}
