// The topologies and jobs that this program knows.
#pragma once

#include <troupe/launcher.hpp>

#include <memory>
#include <string>
#include <vector>

namespace troupe::launcher {

using definition_pointer = std::shared_ptr<const detail::definition>;

/// Sorted by name.
[[nodiscard]] std::vector<definition_pointer> catalogue();

/// Null where there is none of that name.
[[nodiscard]] definition_pointer find_definition(const std::string& name);

/// The one of `names` that `mistyped` was probably meant to be; empty where none is near.
[[nodiscard]] std::string nearest(const std::string& mistyped, const std::vector<std::string>& names);

}  // namespace troupe::launcher
