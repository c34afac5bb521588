// A CAF actor as a port for process actors.
#pragma once

#include <troupe/caf/errors.hpp>
#include <troupe/caf/gateway.hpp>
#include <troupe/detail/caf/inbox.hpp>
#include <troupe/port.hpp>

#include <exception>
#include <string>
#include <tuple>
#include <utility>

namespace troupe::caf {

/// The way from processes to a CAF actor of the host: `from_caf<int>(gateway, collector)` is a `port<int>`; what it is told
/// the CAF actor gets as a message of one `int`, in the order of its sender. With several types it is a tuple of ports that
/// keep that order among them. The types must be both: messages here, and types that CAF can send.
///
/// ## Ending
/// The ports do not keep the CAF actor alive. When it has ended, what is told them reaches nobody, and then they are down:
/// `on_down` tells an end in good order, or, where the CAF actor ended with an error, by the exception `caf_error` with that
/// error's text. What a port has accepted and the CAF actor has not been given yet is lost with the ports' process.
///
/// Starts one process, which what is told goes through. Threads: any. Processes: the host. Throws `start_failed`,
/// `system_stopped`.
template <class... Types, class Config>
[[nodiscard]] auto from_caf(const gateway<Config>& systems, const ::caf::actor& whom) {
  static_assert(sizeof...(Types) != 0, "troupe: from_caf needs the types that are sent: from_caf<int>(...)");
  using inbox = detail::inbox<Types...>;
  const auto box = systems.processes().template spawn<inbox>(
      spawn_options{.name = "caf-inbox-" + std::to_string(whom.id())});
  detail::end_inbox_with(whom, box);
  detail::bring<Types...>(box, whom.address());
  if constexpr (sizeof...(Types) == 1) {
    return box.template port<&inbox::template put<Types...>>();
  } else {
    return std::tuple{box.template port<&inbox::template put<Types>>()...};
  }
}

}  // namespace troupe::caf
