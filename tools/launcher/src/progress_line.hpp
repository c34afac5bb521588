// How far a run has come, on one line of a terminal.
#pragma once

#include <troupe/topology.hpp>

namespace troupe::launcher {

/// A line on standard error that is written over and over, and is gone when this object is. Where standard error is no
/// terminal nothing is written. Threads: one.
class progress_line {
 public:
  progress_line();
  ~progress_line();
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;

  [[nodiscard]] bool is_shown() const { return is_shown_; }
  void show(const progress& so_far);

 private:
  bool is_shown_;
};

}  // namespace troupe::launcher
