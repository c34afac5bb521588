#include <troupe/caf/errors.hpp>
#include <troupe/detail/caf/inbox.hpp>

namespace troupe::caf::detail {

void throw_caf_error(const std::string& text) { throw caf_error{text}; }

bool is_good_order(const ::caf::error& reason) {
  return !reason || reason == ::caf::exit_reason::normal || reason == ::caf::exit_reason::user_shutdown ||
         reason == ::caf::exit_reason::unreachable;
}

std::string reason_text(const ::caf::error& reason) { return text_of(reason); }

}  // namespace troupe::caf::detail
