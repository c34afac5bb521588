// Several nodes on this machine, and what is measured of them.
#pragma once

#include <troupe/node.hpp>
#include <troupe/troupe.hpp>

#include "troupe_bench/workloads.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace bench {

/// Whether nodes speak over TLS: the whole program's.
bool& uses_tls();

/// So many systems of this process, each a node that has joined the first.
class network {
 public:
  explicit network(std::size_t nodes);
  ~network();
  network(const network&) = delete;
  network& operator=(const network&) = delete;

  [[nodiscard]] troupe::actor_system& system(std::size_t node) { return members_.at(node)->system; }
  [[nodiscard]] const troupe::cluster_node& node(std::size_t node) { return members_.at(node)->node; }
  /// The process that carries its messages.
  [[nodiscard]] int gateway(std::size_t node);

 private:
  struct member {
    explicit member(const troupe::cluster_node_options& options) : node{system, options} {}
    troupe::actor_system system;
    troupe::cluster_node node;
  };

  std::filesystem::path certificates_;
  std::vector<std::unique_ptr<member>> members_;
};

void ask_between_nodes();   ///< W1
void tell_between_nodes();  ///< W2
void bulk_between_nodes();  ///< W3b
void stages_on_nodes();     ///< W4
void map_over_nodes();      ///< W7
void nodes_growth();        ///< growth

}  // namespace bench
