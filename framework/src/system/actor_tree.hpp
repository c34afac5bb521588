// Who owns whom, made of a list.
#pragma once

#include <troupe/actor_entry.hpp>

#include <vector>

namespace troupe::system_layer {

/// `actors` in the order of their numbers; those whose owner is not there are left out.
[[nodiscard]] actor_tree tree_of(actor_entry root, std::vector<actor_entry> actors);

}  // namespace troupe::system_layer
