// Waiting for one of several answers.
#pragma once

#include <troupe/future.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace troupe::detail {

/// Waits until one of those that are valid is ready, and returns its place. One at least must be valid.
template <class T>
std::size_t wait_for_one(const std::vector<future<T>>& answers) {
  const auto begin = answers.begin();
  for (;;) {
    for (auto each = begin; each != answers.end(); ++each) {
      if (each->valid() && each->ready()) return static_cast<std::size_t>(each - begin);
    }
    const auto first = std::find_if(begin, answers.end(), [](const auto& each) { return each.valid(); });
    if (first->wait_for(std::chrono::milliseconds{1})) return static_cast<std::size_t>(first - begin);
  }
}

}  // namespace troupe::detail
