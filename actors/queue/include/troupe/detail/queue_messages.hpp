// What a queue and its handles say to each other: see detail/queue_actor.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace troupe::detail {

inline constexpr std::chrono::milliseconds credit_lifetime{10};
inline constexpr std::chrono::milliseconds end_patience{500};

/// One handle (with its copies) in one process; drawn at random by it.
enum class queue_visitor : std::uint64_t {};

/// The right to put so many items; none where the queue stayed full.
struct queue_grant {
  std::uint32_t credits = 0;
  bool closed = false;
};

enum class queue_phase : std::uint8_t {
  open,
  closing,  ///< closed and empty, but something may be under way, or come back
  ended,    ///< there will be no more items
};

template <class T>
struct queue_batch {
  std::vector<T> items;
  queue_phase phase = queue_phase::open;
};

/// How long an answer to `take` may wait.
enum class queue_wait : std::uint8_t {
  never,
  until_closing,  ///< until there is something to say
  until_ended,    ///< by a reader that comes back to look for the end
};

}  // namespace troupe::detail
