#include "nodes.hpp"

#include <troupe/certificates.hpp>

#include <stdexcept>
#include <unistd.h>

namespace bench {

bool& uses_tls() {
  static bool uses = false;
  return uses;
}

network::network(std::size_t nodes) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < nodes; ++i) names.push_back("node" + std::to_string(i));
  if (uses_tls()) {
    certificates_ = std::filesystem::temp_directory_path() / ("troupe-bench-" + std::to_string(::getpid()));
    troupe::make_certificates(certificates_, names);
  }
  for (const auto& name : names) {
    troupe::cluster_node_options options{.name = name};
    if (uses_tls()) options.certificates = certificates_ / name;
    if (!members_.empty()) options.join = {node(0).address()};
    members_.push_back(std::make_unique<member>(options));
  }
}

network::~network() {
  members_.clear();
  if (!certificates_.empty()) std::filesystem::remove_all(certificates_);
}

int network::gateway(std::size_t node) {
  for (const auto& each : system(node).actors()) {
    if (each.name == "gateway") return each.pid;
  }
  throw std::runtime_error{"a node has no gateway"};
}

}  // namespace bench
