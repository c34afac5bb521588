// A system of this process, as a node among others.
#pragma once

#include <troupe/node.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace support {

/// It gives others up late enough that a machine with much to do is not taken for their end.
struct place {
  explicit place(std::vector<std::string> join = {}, std::string name = "",
                 std::chrono::milliseconds beat = std::chrono::seconds{2}, std::string certificates = "",
                 std::string listen = "127.0.0.1:0")
      : node{system,
             {.listen = std::move(listen),
              .certificates = std::move(certificates),
              .join = std::move(join),
              .name = std::move(name),
              .heartbeat = beat}} {}
  troupe::actor_system system;
  troupe::cluster_node node;

  int gateway() const {
    for (const auto& each : system.actors()) {
      if (each.name == "gateway") return each.pid;
    }
    return 0;
  }
};

/// At which stage a node with these options fails, and why.
inline std::string why_not(const troupe::cluster_node_options& options) {
  troupe::actor_system system;
  try {
    const troupe::cluster_node node{system, options};
  } catch (const troupe::start_failed& problem) {
    return problem.stage() + ": " + problem.what();
  }
  return "it is one";
}

/// What a node has for others.
class echo {
 public:
  std::string say(const std::string& text) const { return text; }
};

inline std::uint16_t port_of(const troupe::cluster_node& node) {
  return static_cast<std::uint16_t>(std::stoi(node.address().substr(node.address().rfind(':') + 1)));
}

}  // namespace support
