// Deaths on purpose: how a run of a topology shows that it survives them.
#pragma once

#include <troupe/options.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace troupe {

/// Faults for a run of a topology, at random moments. A run of few items is over before that many can be done: it is then
/// repeated from its sources, in passes, until all have been; the last pass is the one whose result counts.
///
/// Victims are sources, stages, sinks, inboxes, and what keeps order in an edge. One counts that was not idle when it died:
/// a source that has not come to its end, any other that had been handed something it was not done with. Each process says
/// in memory that it shares with the run what it is at, so that this is known after its death, whatever killed it. Those
/// that turn out to have been idle are not counted.
///
/// The moments and the victims are drawn from `seed`. The processes' own pace is not, so the same seed gives the same draws
/// and not the same run.
struct chaos_options {
  detail::not_from_braces only_named{};
  std::uint64_t kills = 0;               ///< processes that die by SIGKILL while they are not idle
  std::uint64_t stops = 0;               ///< processes that are paused (SIGSTOP) for up to `longest_fault`
  bool slow = false;                     ///< delays of up to `longest_fault`, for one turn in a hundred
  std::optional<std::uint64_t> seed{};   ///< none: drawn; the report has it
  std::chrono::microseconds pace{2000};  ///< between one fault and the next, on average
  std::chrono::milliseconds longest_fault{20};
};

}  // namespace troupe
