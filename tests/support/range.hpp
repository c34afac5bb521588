// Numbers in order, to send and to compare with.
#pragma once

#include <numeric>
#include <vector>

namespace support {

/// from, from + 1, ... to - 1.
template <class Number>
std::vector<Number> range(Number from, Number to) {
  std::vector<Number> all(static_cast<std::size_t>(to - from));
  std::iota(all.begin(), all.end(), from);
  return all;
}

/// 0, 1, ... count - 1.
template <class Number>
std::vector<Number> range(Number count) {
  return range(Number{0}, count);
}

}  // namespace support
