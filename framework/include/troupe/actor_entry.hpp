// An actor as it shows in a list, and in the tree of who owns whom.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// One line of `actor_system::actors()`: an actor that was alive when the list was made. A value. Any thread, any process.
struct actor_entry {
  std::string name{};
  int pid = 0;                      ///< 0: its process has died, and another is about to come
  std::string parent{};             ///< the name of the actor that spawned it, and owns it; empty: the host
  int parent_pid = 0;               ///< 0: the host
  std::uint32_t number = 0;         ///< the system's own: in the order of their spawns, from 1
  std::uint32_t parent_number = 0;  ///< 0: the host
  std::uint32_t incarnation = 0;    ///< how often it has been started again
  std::string group{};              ///< the name of the group that it is a member of
};

/// An actor, and below it those that it owns, in the order of their spawns. A value.
struct actor_tree {
  actor_entry actor;
  std::vector<actor_tree> owns;
};

/// For people: a line for each actor, with its pid, its group, and how often it has been started again.
[[nodiscard]] std::string to_string(const actor_tree& tree);

}  // namespace troupe
