// What becomes of a queue's item that its consumers do not survive.
#pragma once

#include <troupe/exit_status.hpp>

#include <vector>

namespace troupe {

/// An item that nobody is given any more: as many consumers as `queue_options::max_attempts` says ended with it in their hands.
template <class T>
struct dead_item {
  T value;
  std::vector<exit_status> causes;  ///< how each of them ended, in that order
};

}  // namespace troupe
