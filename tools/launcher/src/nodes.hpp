// The commands `node` and `nodes`: only where the build has troupe::node.
#pragma once

#include <string>
#include <vector>

namespace troupe::launcher {

struct node_flags {
  std::string listen = "127.0.0.1:0";
  std::vector<std::string> join{};
  std::string name{};
  bool as_json = false;
};

/// Whether there are these commands.
[[nodiscard]] bool has_nodes();

/// These return the program's exit status. They throw `start_failed` where the node cannot be made, and `interrupted`.

/// Is a node until SIGINT or SIGTERM, and says who comes and goes.
int run_node(const node_flags& flags);
/// Joins for a moment, and lists the nodes there are.
int list_nodes(const node_flags& flags);

}  // namespace troupe::launcher
