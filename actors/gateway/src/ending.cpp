#include <troupe/detail/caf/ending.hpp>
#include <troupe/errors.hpp>

#include <utility>

namespace troupe::caf::detail {

void ending::come(const ::caf::actor_addr& proxy, ::caf::error reason) {
  {
    const std::lock_guard guard{mutex_};
    if (reason_) return;
    reason_ = std::move(reason);
  }
  if (const auto there = ::caf::actor_cast<::caf::actor>(proxy)) wake(there);
}

std::optional<::caf::error> ending::reason() const {
  const std::lock_guard guard{mutex_};
  return reason_;
}

void end_with(::caf::event_based_actor* proxy, const process& whom, unreferenced then) {
  proxy->attach_functor([whom, then](const ::caf::error& reason) {
    try {
      if (reason == ::caf::exit_reason::kill) {
        whom.kill();
      } else if (then == unreferenced::stop || reason != ::caf::exit_reason::unreachable) {
        whom.stop();
      }
    } catch (const system_stopped&) {  // it has ended with its system
    }
  });
}

}  // namespace troupe::caf::detail
