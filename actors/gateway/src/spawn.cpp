#include <troupe/caf/spawn.hpp>

namespace troupe::caf::detail {

std::string name_in(std::string_view pretty_function) {
  const auto begin = pretty_function.find("= ");
  if (begin == std::string_view::npos) return {};
  pretty_function.remove_prefix(begin + 2);
  auto name = pretty_function.substr(0, pretty_function.find_first_of(";]"));
  if (name.starts_with('&')) name.remove_prefix(1);
  return std::string{name};
}

}  // namespace troupe::caf::detail
