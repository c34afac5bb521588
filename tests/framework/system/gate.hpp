// An actor whose answers come when the test wants them.
#pragma once

#include <troupe/promise.hpp>

#include <map>

namespace tests {

/// Answers when it is told to.
class gate {
 public:
  troupe::promise<int> enter(int ticket) {
    waiting_[ticket] = {};
    return waiting_[ticket];
  }
  int waiting() const { return static_cast<int>(waiting_.size()); }
  void open(int ticket) {
    waiting_.at(ticket).set_value(ticket);
    waiting_.erase(ticket);
  }

 protected:
  std::map<int, troupe::promise<int>> waiting_;
};

}  // namespace tests
