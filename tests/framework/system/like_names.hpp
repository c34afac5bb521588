#pragma once

#include <troupe/queue.hpp>

#include <string>

namespace like_names {
void run_those_of_the_second_file(troupe::actor_system& system, const troupe::queue<std::string>& to);
}  // namespace like_names
