#include "platform/process.hpp"

#include <troupe/errors.hpp>
#include <troupe/process.hpp>

#include "platform/clock.hpp"
#include "platform/descriptor.hpp"
#include "runtime/member.hpp"

namespace troupe {

sentinel::~sentinel() { static_cast<void>(platform::descriptor::adopt(number_)); }

void process::terminate() const { endpoint().signal(ref_, platform::terminate_signal); }
void process::pause() const { endpoint().signal(ref_, platform::pause_signal); }
void process::resume() const { endpoint().signal(ref_, platform::resume_signal); }
void process::kill() const { endpoint().signal(ref_, platform::kill_signal); }

detail::endpoint& process::endpoint() const {
  if (!where_) throw std::logic_error{"troupe: this handle names no process: it was default-constructed"};
  return *where_;
}

detail::deadline detail::deadline_in(std::chrono::nanoseconds patience) {
  return platform::deadline_after(patience);
}

std::shared_ptr<detail::endpoint> detail::home_of(actor_ref& ref, endpoint* where) {
  if (where == nullptr) throw malformed_message{"a handle came in a message outside of a system"};
  return where->home(ref);
}

}  // namespace troupe
