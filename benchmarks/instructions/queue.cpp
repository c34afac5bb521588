#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "both_ends.hpp"
#include "workloads.hpp"

#include <stdexcept>

namespace instructions {

void queue(std::uint64_t count) {
  const auto ends = both_ends::make();
  troupe::queue<payload> items{ends->system()};
  payload item;
  for (std::uint64_t taken = 0; taken < count;) {
    while (item.number < taken + batch) {
      ++item.number;
      items.put(item);
    }
    while (taken < item.number) {
      if (items.get().value().number != ++taken) throw std::logic_error{"an item is not the next"};
    }
  }
  ends->end();
}

}  // namespace instructions
