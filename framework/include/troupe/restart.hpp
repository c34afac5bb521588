// When, and how often, an actor is started again.
#pragma once

#include <chrono>
#include <cstdint>

namespace troupe {

namespace detail {
struct not_from_braces {};  // keeps `spawn<f>({"text"})` from silently meaning an options aggregate
}  // namespace detail

/// When an actor whose process has ended is started again: as the same actor, with the same handles and mailboxes, by the
/// same constructor and arguments.
enum class restart : std::uint8_t {
  never,     ///< its end is the end
  on_crash,  ///< unless it ended in good order: by a signal, an exception, a code other than 0
  always,    ///< unless it was asked to stop
};

/// How often, and how soon. Where it dies more often, its end is the end.
struct restart_policy {
  restart when = restart::never;
  unsigned most = 3;  ///< restarts within `within`; those longer ago do not count
  std::chrono::milliseconds within = std::chrono::seconds{5};
  /// Before the first of these restarts; each later one waits twice as long as the one before it, give or take a fifth.
  std::chrono::milliseconds delay{10};
  std::chrono::milliseconds longest_delay = std::chrono::seconds{1};
};

}  // namespace troupe
