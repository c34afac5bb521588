#include "platform/error.hpp"

#include <string>

namespace troupe::platform {

void throw_system_error(int code, std::string_view call, std::string_view object) {
  std::string what{call};
  if (!object.empty()) what.append(" (").append(object).append(")");
  throw std::system_error{code, std::system_category(), what};
}

}  // namespace troupe::platform
