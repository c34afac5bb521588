// In the place of nodes.cpp where the build is without the C++ Actor Framework.
#include "nodes.hpp"

#include <stdexcept>

namespace troupe::launcher {

bool has_nodes() { return false; }
int run_node(const node_flags&) { throw std::logic_error{"troupe: this build has no nodes"}; }
int list_nodes(const node_flags&) { throw std::logic_error{"troupe: this build has no nodes"}; }

}  // namespace troupe::launcher
