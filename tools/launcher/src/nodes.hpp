// The commands `node`, `nodes` and `certificates`: only where the build has troupe::node.
#pragma once

#include <troupe/actor_system.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace troupe::launcher {

struct node_flags {
  std::string listen = "127.0.0.1:0";
  std::vector<std::string> join{};
  std::string name{};
  std::string certificates{};  ///< a folder
  std::chrono::milliseconds heartbeat = std::chrono::seconds{1};
  bool as_json = false;
};
struct certificate_flags {
  std::string out{};
  std::vector<std::string> nodes{};
  unsigned days = 365;
};

/// Whether there are these commands.
[[nodiscard]] bool has_nodes();

/// These return the program's exit status. They throw `start_failed` where the node cannot be made, and `interrupted`.

/// Is a node until SIGINT or SIGTERM, and says who comes and goes.
int run_node(const node_flags& flags);
/// Joins for a moment, and lists the nodes there are.
int list_nodes(const node_flags& flags);

/// Makes a folder of certificates for each node.
int make_certificates(const std::string& program, const certificate_flags& flags);

/// A system as a node among others, as long as `node` lives, and the places for work on those that it has joined.
struct joined_nodes {
  std::shared_ptr<void> node{};
  std::vector<placement> places{};
};
[[nodiscard]] joined_nodes join_nodes(actor_system& system, const node_flags& flags);

}  // namespace troupe::launcher
