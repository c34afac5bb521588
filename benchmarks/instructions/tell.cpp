#include <troupe/troupe.hpp>

#include "both_ends.hpp"
#include "workloads.hpp"

#include <stdexcept>

namespace instructions {
namespace {

class receiver {
 public:
  void take(const payload& message) { matching_ += message.number == ++count_ ? 1 : 0; }
  std::uint64_t seen() const { return matching_; }

 private:
  std::uint64_t count_ = 0;
  std::uint64_t matching_ = 0;
};

}  // namespace

void tell(std::uint64_t count) {
  const auto ends = both_ends::make();
  const auto there = ends->system().spawn<receiver>();
  payload message;
  while (message.number < count) {
    ++message.number;
    there.tell<&receiver::take>(message);
    if (message.number % batch == 0) ends->let_actor_run();
  }
  if (there.ask<&receiver::seen>().get() != count) throw std::logic_error{"not every message has come"};
  ends->end();
}

}  // namespace instructions
