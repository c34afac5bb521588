// What can be chosen about one map or imap.
#pragma once

#include <troupe/options.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>

namespace troupe {

struct map_options {
  detail::not_from_braces only_named{};

  /// Items that go to a worker together: more for short work, since every chunk costs a message there and back. 0: as many as
  /// make about a millisecond of work, by what those before took, but so few that each worker gets four chunks; 1 for `imap`
  /// of a range that does not know its size; for `map_async`, which hands all out at once, a quarter of a worker's share.
  /// Whatever it is: where a worker of this system has nothing left to do, chunks that wait behind others are given to it, and
  /// of `map` the rest of those that run (but with `max_tasks_per_worker`, which counts on whole chunks).
  std::size_t chunk_size = 0;

  /// Chunks that may have been pulled from the range and not yet been given as results. 0: twice as many as there are
  /// workers; `map` of a range whose size is known may hand out more, if they are short.
  std::size_t in_flight = 0;

  /// How long all of it may take, from the call on; then `timeout` is thrown, what has not begun never does, and what runs
  /// is ended with its worker, which is replaced. Where chunks wait behind others at a worker, so may be what another thread
  /// runs there.
  std::chrono::nanoseconds timeout = std::chrono::nanoseconds::max();

  /// As in `pool_options`, for the items of this map; nullopt: as there.
  std::optional<std::size_t> max_attempts{};
  std::optional<std::chrono::nanoseconds> deadline{};

  /// Called in the thread that waits for the results whenever a chunk is done: items done so far, those that failed
  /// included, and how many there are in all, where the range knows. What it throws ends the map.
  std::function<void(std::size_t done, std::optional<std::size_t> total)> on_progress{};
};

namespace detail {
/// Throws `std::invalid_argument` for sizes that were negative before they became what they are, and for no attempts.
const map_options& checked(const map_options& given);
}  // namespace detail

}  // namespace troupe
