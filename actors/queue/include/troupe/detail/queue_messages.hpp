// What a queue and its handles say to each other: see detail/queue_actor.hpp.
#pragma once

#include <troupe/dead_item.hpp>
#include <troupe/errors.hpp>
#include <troupe/exit_status.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace troupe::detail {

inline constexpr std::chrono::milliseconds credit_lifetime{10};
inline constexpr std::chrono::milliseconds end_patience{500};

/// What a queue was made with: see `queue_options`.
struct queue_rules {
  std::uint64_t capacity = 1;
  std::uint64_t capacity_bytes = 1;
  std::uint64_t at_once = 1;
  std::uint64_t max_attempts = 0;  ///< of an item; 0: any number
  bool ends_with_a_writer = false;
  bool survives = false;
};

/// One handle (with its copies) in one process; drawn at random by it.
enum class queue_visitor : std::uint64_t {};

/// The right to put so many items; none where the queue stayed full.
struct queue_grant {
  std::uint32_t credits = 0;
  bool closed = false;
  bool waited = false;  ///< for room, so that the answer's time is not that of the way
};

enum class queue_phase : std::uint8_t {
  open,
  closing,  ///< closed and empty, but something may be under way, or come back
  ended,    ///< there will be no more items
};

template <class T>
struct queue_batch {
  std::vector<T> items{};
  queue_phase phase = queue_phase::open;
  std::uint32_t attempt = 1;  ///< at all of them
  bool waited = false;        ///< for something to say, so that the answer's time is not that of the way
};

/// How a visitor has gone.
struct queue_loss {
  std::optional<exit_status> cause{};  ///< none: in good order
  bool of_first_only = false;          ///< the items behind the first had not been begun
};

/// How long an answer to `take` may wait.
enum class queue_wait : std::uint8_t {
  never,
  until_closing,  ///< until there is something to say
  until_ended,    ///< by a reader that comes back to look for the end
};

/// An answer that waited in a process of the queue's that has died is asked for once more, from the next one. Where there is
/// none that says so itself.
[[nodiscard]] inline bool died_with_the_question(const actor_down& down) {
  return down.fate() == call_fate::died_running;
}

}  // namespace troupe::detail
