// Functions and types that have the same names in two files.
#pragma once

#include <troupe/manager.hpp>

#include <string>
#include <vector>

namespace like_names {

/// What those of the second file make of 1: an update by a function, one by a lambda, and a record's second field.
std::vector<int> those_of_the_second_file(troupe::manager& manager);

}  // namespace like_names
