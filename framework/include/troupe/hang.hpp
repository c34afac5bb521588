// Actors that are alive and do not get on.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace troupe {

/// What is done about an actor that hangs.
enum class hang_action : std::uint8_t {
  report,  ///< the host is told, by `actor_system::on_hang`
  restart,  ///< it is killed as well: `exit_status` says `limit_kind::hang`, and its restart policy what follows
};

/// When an actor hangs. Two signs are looked for, a few times in `after`:
///
///   a message has been in its handler's hands for that long (a coroutine's: from its beginning to its end)
///   messages have been waiting for that long, and none was taken (as of a process that somebody has stopped,
///   or of one that is still being constructed)
///
/// Functions' processes are not watched: they run as long as they run.
struct hang_policy {
  std::chrono::milliseconds after{};  ///< zero: nothing is watched, and costs nothing
  hang_action action = hang_action::report;
};

enum class hang_sign : std::uint8_t {
  handling,  ///< a handler does not come to its end
  silent,    ///< messages wait, and none is taken
};

/// That an actor hangs: told once for each message, or silence, that it hangs in.
struct hang {
  std::string actor;
  int pid = 0;
  hang_sign sign = hang_sign::handling;
  std::chrono::milliseconds since{};  ///< how long so far
  std::string method;                 ///< that it is in: "parser::parse"; empty where that is not known
  std::string waits_for;              ///< the name of the one actor that it waits for; empty: none
};

}  // namespace troupe
