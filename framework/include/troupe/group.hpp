// Actors that are restarted together.
#pragma once

#include <troupe/restart.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// What the death of one member means for the others. (OTP's supervisor strategies.)
enum class strategy : std::uint8_t {
  one_for_one,   ///< nothing: it alone is started again
  one_for_all,   ///< all are ended and started again, in the order in which they were spawned
  rest_for_one,  ///< those that were spawned after it are
};

struct group_options {
  detail::not_from_braces only_named{};
  std::string name{};  ///< for people
  troupe::strategy strategy = troupe::strategy::one_for_one;
  /// For all members together: `most` counts the deaths of any of them. With `never` nothing is started again.
  restart_policy restart{.when = troupe::restart::on_crash};
  /// What a member that is to be started again because another has died is given between being asked to stop and SIGKILL.
  std::chrono::milliseconds grace = std::chrono::seconds{1};
};

/// A group of actors under one policy: `spawn` with `spawn_options::group` makes an actor a member of it, and who spawns
/// its first member owns it. What has been said of restarts goes for each member: handles stay valid, and mailboxes stay as
/// they are. A member that ends in good order leaves the group.
///
/// ## Escalation
/// Where members die more often than the policy allows, the group ends: its members are stopped (as by an owner's end), and
/// its owner with them, killed, with `exit_kind::escalated` and the causes as its cause. The owner's own policy, or group,
/// decides what becomes of that. Where the host is the owner, `actor_system::on_escalation` tells it.
///
/// A value: copies are of one group. Threads: any. Processes: the owner's.
class group {
 public:
  explicit group(group_options options = {});
  [[nodiscard]] const group_options& options() const { return options_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }  ///< drawn at random

 private:
  group_options options_;
  std::uint64_t number_;
};

/// That a group of the host's has ended because its members died too often.
struct escalation {
  std::string group;
  std::vector<std::string> causes;  ///< the last deaths, oldest first: "reader: killed by SIGSEGV"
};

}  // namespace troupe
