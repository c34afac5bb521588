#include <troupe/detail/topology/graph.hpp>

#include <algorithm>
#include <stdexcept>

namespace troupe::detail {

namespace {

[[noreturn]] void refuse(const std::string& topology, const std::string& why) {
  throw std::invalid_argument{"topology '" + topology + "': " + why};
}

/// Marks what can be reached from the marked nodes along the edges, or against them.
void spread(const graph& graph, std::vector<bool>& marked, bool along) {
  for (std::size_t round = 0; round < graph.nodes.size(); ++round) {
    for (const auto& edge : graph.edges) {
      const auto [from, to] = along ? std::pair{edge.from, edge.to} : std::pair{edge.to, edge.from};
      if (marked[from]) marked[to] = true;
    }
  }
}

std::vector<bool> all_of_kind(const graph& graph, node_kind kind) {
  std::vector<bool> marked;
  for (const auto& node : graph.nodes) marked.push_back(node.kind == kind);
  return marked;
}

bool has_cycle(const graph& graph) {
  for (std::uint32_t start = 0; start < graph.nodes.size(); ++start) {
    std::vector<bool> marked(graph.nodes.size());
    for (const auto& edge : graph.edges) {
      if (edge.from == start) marked[edge.to] = true;
    }
    spread(graph, marked, true);
    if (marked[start]) return true;
  }
  return false;
}

}  // namespace

std::uint32_t graph::add(graph_node node) {
  if (node.name.empty()) refuse(name, "a node has no name");
  if (node.replicas == 0) refuse(name, "node '" + node.name + "' has no replicas: give it one or more");
  for (const auto& other : nodes) {
    if (other.name == node.name) refuse(name, "two nodes are called '" + node.name + "'");
  }
  nodes.push_back(std::move(node));
  return static_cast<std::uint32_t>(nodes.size() - 1);
}

void graph::connect(graph_edge edge) {
  if (edge.from >= nodes.size() || edge.to >= nodes.size())
    refuse(name, "an edge has a node of another topology");
  if (edge.capacity == 0 || edge.capacity_bytes == 0) {
    refuse(name,
           "the edge from '" + nodes[edge.from].name + "' to '" + nodes[edge.to].name + "' has no capacity");
  }
  for (const auto& other : edges) {
    if (other.to == edge.to && other.tells_replicas_apart() != edge.tells_replicas_apart()) {
      refuse(name,
             "node '" + nodes[edge.to].name +
                 "' has edges in by queue and by key (or in order and broadcast): those by queue or in order "
                 "cannot be together with those by key or broadcast");
    }
  }
  if (edge.is_ordered && edge.window == 0) {
    refuse(name, "the edge from '" + nodes[edge.from].name + "' to '" + nodes[edge.to].name +
                     "' keeps order with a window of 0: nothing could pass");
  }
  edges.push_back(std::move(edge));
}

void graph::conclude(std::uint32_t sink, conclude_function make) {
  if (sink >= nodes.size() || nodes[sink].kind != node_kind::sink)
    refuse(name, "what concludes it is no sink of it");
  concluded_by = sink;
  make_summary = std::move(make);
}

bool graph::gives_in_order(std::uint32_t node) const {
  return std::any_of(edges.begin(), edges.end(),
                     [node](const graph_edge& edge) { return edge.is_ordered && edge.from == node; });
}

void graph::check() const {
  if (nodes.empty()) refuse(name, "it has no nodes");
  if (has_cycle(*this)) refuse(name, "its edges go in a circle, so its stream would never end");
  auto reached = all_of_kind(*this, node_kind::source);
  spread(*this, reached, true);
  auto leads = all_of_kind(*this, node_kind::sink);
  spread(*this, leads, false);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!reached[i]) refuse(name, "nothing leads from a source to '" + nodes[i].name + "': connect it");
    if (!leads[i]) refuse(name, "nothing leads from '" + nodes[i].name + "' to a sink: connect it");
  }
  for (const auto& edge : edges) {
    if (!gives_in_order(edge.to) || (nodes[edge.from].kind == node_kind::source && !edge.is_broadcast))
      continue;
    refuse(name, "'" + nodes[edge.to].name +
                     "' gives in order, so only sources may lead to it, by queue or by key: '" +
                     nodes[edge.from].name + "' does not");
  }
}

}  // namespace troupe::detail
