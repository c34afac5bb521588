#include <troupe/troupe.hpp>

#include "both_ends.hpp"
#include "workloads.hpp"

#include <stdexcept>
#include <vector>

namespace instructions {
namespace {

class echo {
 public:
  payload back(const payload& message) { return message; }
};

}  // namespace

void ask(std::uint64_t count) {
  const auto ends = both_ends::make();
  const auto there = ends->system().spawn<echo>();
  std::vector<troupe::future<payload>> answers;
  payload message;
  while (message.number < count) {
    ++message.number;
    answers.push_back(there.ask<&echo::back>(message));
    if (message.number % batch != 0) continue;
    auto expected = message.number - batch;
    for (auto& each : answers) {
      if (each.get().number != ++expected) throw std::logic_error{"an answer is that to another question"};
    }
    answers.clear();
  }
  ends->end();
}

}  // namespace instructions
