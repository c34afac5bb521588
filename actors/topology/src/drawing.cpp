// A topology as a picture: Graphviz, Mermaid, or lines of text.
#include <troupe/topology.hpp>

#include <algorithm>

namespace troupe {

namespace {

using detail::graph_edge;
using detail::graph_node;
using detail::node_kind;

std::string escaped(const std::string& text, const std::string& quote_as) {
  std::string result;
  for (const char c : text) {
    if (c == '"') {
      result += quote_as;
    } else if (c == '\\' && quote_as == "\\\"") {
      result += "\\\\";
    } else if (c != '\n') {
      result += c;
    }
  }
  return result;
}

std::string title(const graph_node& node) {
  return node.replicas == 1 ? node.name : node.name + " x" + std::to_string(node.replicas);
}

std::string label(const graph_edge& edge) {
  if (edge.is_keyed()) return "by " + edge.key;
  return edge.is_broadcast ? "to all" : edge.is_ordered ? "in order" : "queue";
}

std::string_view kind_name(node_kind kind) {
  switch (kind) {
    case node_kind::source: return "source";
    case node_kind::stage: return "stage";
    case node_kind::sink: break;
  }
  return "sink";
}

}  // namespace

std::string topology::dot() const {
  const auto text = [](const std::string& plain) { return "\"" + escaped(plain, "\\\"") + "\""; };
  const auto style = [](const graph_edge& edge) {
    return edge.is_broadcast ? ", style=bold" : edge.is_ordered ? ", style=dashed" : "";
  };
  std::string picture = "digraph " + text(graph_.name) + " {\n  rankdir=LR;\n";
  for (const auto& node : graph_.nodes) {
    const auto shape = node.kind == node_kind::source  ? "invhouse"
                       : node.kind == node_kind::stage ? "box"
                                                       : "house";
    picture += "  " + text(node.name) + " [label=" + text(title(node)) + ", shape=" + shape + "];\n";
  }
  for (const auto& edge : graph_.edges) {
    picture += "  " + text(graph_.nodes[edge.from].name) + " -> " + text(graph_.nodes[edge.to].name) +
               " [label=" + text(label(edge)) + style(edge) + "];\n";
  }
  return picture + "}\n";
}

std::string topology::mermaid() const {
  // Nodes get ids of their own: names may hold what Mermaid takes for syntax.
  const auto text = [](const std::string& plain) { return "\"" + escaped(plain, "#quot;") + "\""; };
  const auto id = [](std::size_t index) { return "n" + std::to_string(index); };
  std::string picture = "flowchart LR\n";
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const auto& node = graph_.nodes[i];
    const auto [open, close] = node.kind == node_kind::source  ? std::pair{"([", "])"}
                               : node.kind == node_kind::stage ? std::pair{"[", "]"}
                                                               : std::pair{"[(", ")]"};
    picture += "  " + id(i) + open + text(title(node)) + close + "\n";
  }
  for (const auto& edge : graph_.edges) {
    const auto arrow = edge.is_broadcast ? " ==>|" : edge.is_ordered ? " -.->|" : " -->|";
    picture += "  " + id(edge.from) + arrow + text(label(edge)) + "| " + id(edge.to) + "\n";
  }
  return picture;
}

std::string topology::describe() const {
  std::string lines = graph_.name + "\n";
  for (std::uint32_t i = 0; i < graph_.nodes.size(); ++i) {
    const auto& node = graph_.nodes[i];
    lines += "  " + std::string{kind_name(node.kind)} + " " + node.name + ", " +
             std::to_string(node.replicas) + (node.replicas == 1 ? " process" : " processes");
    std::string to;
    for (const auto& edge : graph_.edges) {
      if (edge.from == i)
        to += (to.empty() ? "" : ", ") + graph_.nodes[edge.to].name + " (" + label(edge) + ")";
    }
    lines += (to.empty() ? "" : " -> " + to) + "\n";
  }
  return lines;
}

}  // namespace troupe
