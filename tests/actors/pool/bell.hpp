// How a call that is running tells the test that it is.
#pragma once

#include <troupe/actor.hpp>
#include <troupe/promise.hpp>

#include <deque>
#include <unistd.h>

namespace tests {

/// What a call tells or puts leaves when it returns; what it asks leaves at once.
class bell {
 public:
  void ring(int who) {
    if (waiting_.empty()) {
      rung_.push_back(who);
    } else {
      waiting_.front().set_value(who);
      waiting_.pop_front();
    }
  }
  troupe::promise<int> heard() {
    waiting_.emplace_back();
    const auto answer = waiting_.back();
    if (!rung_.empty()) {
      answer.set_value(rung_.front());
      rung_.pop_front();
      waiting_.pop_back();
    }
    return answer;
  }

 private:
  std::deque<int> rung_;
  std::deque<troupe::promise<int>> waiting_;
};

/// Never returns.
inline int ring_for_ever(const troupe::actor<bell>& at) {
  at.ask<&bell::ring>(::getpid()).get();
  for (;;) ::pause();
}

}  // namespace tests
