// Makes the `actor_system` that code inside an actor sees.
#pragma once

#include <troupe/actor_system.hpp>

#include <memory>

namespace troupe::detail {

class system_access {
 public:
  static std::shared_ptr<actor_system> make(std::shared_ptr<endpoint> inside_an_actor) {
    return std::shared_ptr<actor_system>{new actor_system{std::move(inside_an_actor)}};
  }
};

}  // namespace troupe::detail
