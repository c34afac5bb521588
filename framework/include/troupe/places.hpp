// Where processes are started that may be on any of several nodes.
#pragma once

#include <troupe/errors.hpp>
#include <troupe/options.hpp>

#include <cstddef>
#include <vector>

namespace troupe {

/// What `start` returns of the first place, from number `from` on and round again, whose node is up: of one that is down it
/// throws `actor_down`, as `spawn` does. Where none is up, or there are none, it is called with this system's own place.
template <class Start>
auto start_on_one_of(const std::vector<placement>& places, std::size_t from, const Start& start) {
  for (std::size_t tried = 0; tried < places.size(); ++tried) {
    const auto& place = places[(from + tried) % places.size()];
    if (place.is_here()) break;
    try {
      return start(place);
    } catch (const actor_down&) {
      // Down, or it has gone down meanwhile.
    }
  }
  return start(placement{});
}

}  // namespace troupe
