#include <troupe/group.hpp>

#include "platform/process.hpp"

#include <utility>

namespace troupe {

group::group(group_options options) : options_{std::move(options)}, number_{platform::random_bits()} {}

}  // namespace troupe
