// troupe-bench-nodes [--tls] [WORKLOAD...]: what nodes cost. Lines `workload,metric,value,unit`.
#include "nodes.hpp"

#include <array>
#include <exception>
#include <iostream>
#include <string_view>
#include <vector>

namespace {

struct workload {
  std::string_view name;
  void (*run)();
};
constexpr std::array<workload, 6> workloads{{{"W1", bench::ask_between_nodes},
                                             {"W2", bench::tell_between_nodes},
                                             {"W3b", bench::bulk_between_nodes},
                                             {"W4", bench::stages_on_nodes},
                                             {"W7", bench::map_over_nodes},
                                             {"growth", bench::nodes_growth}}};

int run(std::string_view name) {
  for (const auto& each : workloads) {
    if (each.name != name) continue;
    try {
      each.run();
      return 0;
    } catch (const std::exception& problem) {
      std::cerr << "troupe-bench-nodes: " << name << ": " << problem.what() << '\n';
      return 3;
    }
  }
  std::cerr << "troupe-bench-nodes: no workload '" << name << "': there are W1, W2, W3b, W4, W7 and growth\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  troupe::guard(argc, argv);
  std::vector<std::string_view> names{argv + 1, argv + argc};
  bench::uses_tls() = std::erase(names, "--tls") != 0;
  if (names.empty()) names = {"W1", "W2", "W3b"};
  for (const auto name : names) {
    if (const int status = run(name); status != 0) return status;
  }
}
