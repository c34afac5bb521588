// What several tests of queues do with numbers.
#pragma once

#include <troupe/queue.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace queue_items {

using numbers = std::vector<int>;

/// As text: what is wrong, not thousands of numbers.
inline std::string lost_and_repeated(numbers all, int from, int to) {
  std::sort(all.begin(), all.end());
  std::string wrong;
  for (int n = from; n < to; ++n) {
    const auto [first, last] = std::equal_range(all.begin(), all.end(), n);
    if (last - first != 1) wrong += (first == last ? " lost:" : " repeated:") + std::to_string(n);
  }
  return wrong;
}

/// A writer that is there until something comes through the gate.
inline void put_one_and_wait(troupe::queue<int> out, troupe::queue<int> gate) {
  out.put(1);
  (void)gate.get();
}

}  // namespace queue_items
