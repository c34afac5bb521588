// A topology without its types.
#pragma once

#include <troupe/detail/topology/part.hpp>
#include <troupe/run_report.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

namespace troupe::detail {

template <class Options, class... Arguments>
inline constexpr bool begins_with = false;
template <class Options, class First, class... Rest>
inline constexpr bool begins_with<Options, First, Rest...> =
    std::is_same_v<std::remove_cvref_t<First>, Options>;

/// Constructor arguments travel by value; text literals as strings.
template <class Argument>
using sent_as =
    std::conditional_t<std::is_convertible_v<Argument, const char*>, std::string, std::decay_t<Argument>>;

enum class node_kind : std::uint8_t { source, stage, sink };

struct graph_node {
  std::string name;
  node_kind kind = node_kind::source;
  unsigned replicas = 1;
  part_id role;
  packed arguments;
};

struct graph_edge {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  part_id route;  ///< none: a queue
  std::string key;
  std::size_t capacity = 0;
  std::size_t capacity_bytes = 0;
  bool is_broadcast = false;
  std::uint64_t window = 0;  ///< of one that keeps order
  bool is_ordered = false;
  [[nodiscard]] bool is_keyed() const { return route.number != 0; }
  /// Whether each replica of the next node has an inbox of its own.
  [[nodiscard]] bool tells_replicas_apart() const { return is_keyed() || is_broadcast; }
};

/// Threads: one at a time may change it.
struct graph {
  using conclude_function =
      std::function<summary(const std::vector<packed>& results, const run_report& report)>;

  std::string name;
  std::vector<graph_node> nodes;
  std::vector<graph_edge> edges;
  std::uint32_t concluded_by = 0;  ///< the sink whose results `make_summary` takes, where there is one
  conclude_function make_summary;

  /// These throw `std::invalid_argument` where the graph would make no sense.
  std::uint32_t add(graph_node node);
  void connect(graph_edge edge);
  void conclude(std::uint32_t sink, conclude_function make);

  /// Nothing is missing: every node is reached from a source and leads to a sink, and there is no cycle.
  void check() const;

  /// Whether the node gives in the order of the sources before it, so that each of their items must be heard of there.
  [[nodiscard]] bool gives_in_order(std::uint32_t node) const;
};

}  // namespace troupe::detail
