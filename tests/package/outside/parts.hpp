// A library of the project's own, with an actor that only it knows.
#pragma once

#include <troupe/troupe.hpp>

#include <string>

namespace parts {

/// What an actor of this library says.
std::string greeting_by_an_actor(troupe::actor_system& system, const std::string& name);

}  // namespace parts
