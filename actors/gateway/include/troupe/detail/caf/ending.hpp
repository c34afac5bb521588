// How the end of a process becomes the end of the CAF actor that stands for it, and the other way round.
#pragma once

#include <troupe/detail/caf/version.hpp>
#include <troupe/process.hpp>

#include <memory>
#include <mutex>
#include <optional>

namespace troupe::caf::detail {

/// Why a process has ended, told by the thread that hears it to the CAF actor that stands for it. Any thread.
class ending {
 public:
  /// Has `proxy` quit for `reason`. The first call counts. Does nothing where it has ended itself.
  void come(const ::caf::actor_addr& proxy, ::caf::error reason);
  [[nodiscard]] std::optional<::caf::error> reason() const;

 private:
  mutable std::mutex mutex_;
  std::optional<::caf::error> reason_;
};

/// What happens to a process whose CAF actor nobody refers to any more.
enum class unreferenced { let_be, stop };

/// To be called on the proxy's thread: from its end on, however it comes, the process is asked to stop, or killed where that
/// was `exit_reason::kill`.
void end_with(::caf::event_based_actor* proxy, const process& whom, unreferenced then);

}  // namespace troupe::caf::detail
