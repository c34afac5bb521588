// An actor as it shows in a list.
#pragma once

#include <string>

namespace troupe {

/// One line of `actor_system::actors()`: an actor that was alive when the list was made. A value. Any thread, any process.
struct actor_entry {
  std::string name;
  int pid = 0;
  std::string parent;  ///< the name of the actor that spawned it, and owns it; empty: the host
  int parent_pid = 0;  ///< 0: the host
};

}  // namespace troupe
