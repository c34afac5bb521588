// Messages that an actor is handling.
#pragma once

#include <troupe/detail/coroutine.hpp>

#include "runtime/connection.hpp"

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace troupe::runtime {

/// A message from the moment its handler begins until it is finished.
struct call_in_hand {
  std::shared_ptr<connection> from;
  channel::progress at;
  std::uint64_t call = 0;                    ///< 0: told
  std::size_t place = channel::max_running;  ///< in the page: none yet
  bool is_cancelled = false;
  std::uint32_t attempt = 1;
};

/// A handler that is a coroutine, from its beginning to its end. It is resumed by what it waits for, which names the
/// suspension: whatever comes for an earlier one comes too late.
struct call_in_flight {
  call_in_hand what;
  std::unique_ptr<detail::coroutine_handler> handler;
  std::unique_ptr<detail::replier> reply;
  std::coroutine_handle<> where;  ///< the innermost coroutine, suspended
  std::uint64_t suspensions = 0;
  std::uint64_t timer = 0;
  bool throws_cancelled = false;  ///< the next time that it goes on
};

}  // namespace troupe::runtime
