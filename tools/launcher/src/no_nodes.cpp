// In the place of nodes.cpp where the build is without the C++ Actor Framework.
#include "nodes.hpp"

#include <stdexcept>

namespace troupe::launcher {

bool has_nodes() { return false; }
int run_node(const node_flags&) { throw std::logic_error{"troupe: this build has no nodes"}; }
int list_nodes(const node_flags&) { throw std::logic_error{"troupe: this build has no nodes"}; }
int make_certificates(const std::string&, const certificate_flags&) {
  throw std::logic_error{"troupe: this build has no nodes"};
}
joined_nodes join_nodes(actor_system&, const node_flags&) {
  throw std::logic_error{"troupe: this build has no nodes"};
}

}  // namespace troupe::launcher
