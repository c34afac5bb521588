#include <troupe/wait.hpp>

#include <algorithm>
#include <utility>

namespace troupe::detail {

void arrivals::add(std::shared_ptr<pending_reply> reply, std::size_t index) {
  left_.push_back({std::move(reply), index});
}

void arrivals::collect() {
  const auto first = std::stable_partition(left_.begin(), left_.end(),
                                           [](const entry& each) { return !each.reply->settled(); });
  for (auto each = left_.end(); each != first;) ready_.push_back((--each)->index);
  left_.erase(first, left_.end());
}

std::optional<std::size_t> arrivals::next(deadline until) {
  if (ready_.empty()) collect();
  if (ready_.empty() && !left_.empty()) {
    std::vector<pending_reply*> waited;
    for (const auto& each : left_) waited.push_back(each.reply.get());
    if (wait_for_any(waited, until)) collect();
  }
  if (ready_.empty()) return std::nullopt;
  const auto index = ready_.back();
  ready_.pop_back();
  return index;
}

}  // namespace troupe::detail
