// As system_on_nodes.hpp, for what starts processes of its own: pools' workers and topologies' stages are on other nodes.
#pragma once

#include <troupe/available_cpus.hpp>
#include <troupe/pool.hpp>
#include <troupe/topology.hpp>

#include "system_on_nodes.hpp"

namespace troupe {

/// As `pool`; one of a host's system has its workers where that has its actors, if it is not told where.
class pool_on_nodes : public pool {
 public:
  using pool::pool;
  explicit pool_on_nodes(system_on_nodes& system, const pool_options& options = {})
      : pool{system, placed(system, options)} {}

 private:
  static pool_options placed(const system_on_nodes& system, pool_options options) {
    if (options.workers == 0) options.workers = available_cpus();
    if (options.nodes.empty()) options.nodes = system.places();
    return options;
  }
};

/// As `topology`, its stages as a pool's workers.
class topology_on_nodes : public topology {
 public:
  using topology::topology;
  run_report run(system_on_nodes& system, run_options options = {}) const {
    if (options.nodes.empty()) options.nodes = system.places();
    return topology::run(system, options);
  }
};

}  // namespace troupe

#define pool pool_on_nodes
#define topology topology_on_nodes
