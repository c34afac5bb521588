// How the changes of a queue are written down: see detail/queue_store.hpp.
#pragma once

#include <troupe/detail/queue_messages.hpp>

#include <cstdint>

namespace troupe::detail {

/// Some have a value behind them.
enum class step_kind : std::uint8_t {
  begun,
  introduced,  ///< and its process
  granted,
  returned,
  put,  ///< and the item
  refused,
  gave,
  released,
  behind,
  gave_back,
  left,    ///< and how
  closed,  ///< and because of whose end
  dropped,
  dead_taken,
  spoiled,  ///< there are items that cannot be written down
  // Only where the steps are written anew:
  lost,       ///< the newest item was died with: and by what end
  buried,     ///< so often that nobody gets it any more
  held,       ///< what it was given since it last gave all back
  put_count,  ///< in all
};

struct queue_step {
  step_kind what = step_kind::begun;
  queue_visitor who{};
  std::uint64_t number = 0;
};

}  // namespace troupe::detail
