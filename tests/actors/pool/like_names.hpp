// Functions and lambdas that have the same names in two files.
#pragma once

#include <troupe/pool.hpp>

#include <vector>

namespace like_names {

/// By each of the ways to name a task: what those of the second file make of 1.
std::vector<int> those_of_the_second_file(troupe::pool& pool);

}  // namespace like_names
