// A run of a topology, from its first attempt to the one that counts.
#pragma once

#include <troupe/topology.hpp>

#include "casebook.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace troupe::detail {

/// An attempt runs the topology from its sources. One that a death has broken, for which there is no smaller remedy, is
/// thrown away, with all its processes and whatever they knew, and begun again. With faults on purpose, attempts go on
/// until all of those have been done. Threads: one.
class campaign {
 public:
  campaign(const graph& plan, actor_system& system, const run_options& options)
      : plan_{plan}, system_{system}, options_{options}, book_{plan, options} {}
  run_report run();

 private:
  [[nodiscard]] bool wants_another_pass(const run_report& report);
  void complete(run_report& report);

  const graph& plan_;
  actor_system& system_;
  const run_options& options_;
  casebook book_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::vector<std::string> results_;  ///< of the passes
  unsigned passes_in_vain_ = 0;       ///< in which no fault was done
  std::uint64_t faults_ = 0;
};

}  // namespace troupe::detail
