#include "runtime/timers.hpp"

namespace troupe::runtime {

std::uint64_t timers::add(platform::time_point when, std::chrono::nanoseconds period,
                          std::function<void()> callback) {
  const auto number = ++last_;
  all_.emplace(number, timer{period, std::move(callback), order_.emplace(when, number)});
  return number;
}

void timers::cancel(std::uint64_t number) {
  const auto which = all_.find(number);
  if (which == all_.end()) return;
  order_.erase(which->second.place);
  all_.erase(which);
}

std::function<void()> timers::take_due(platform::time_point now) {
  if (next() > now) return {};
  const auto due = order_.begin()->first;
  const auto which = all_.find(order_.begin()->second);
  auto& [period, callback, place] = which->second;
  order_.erase(place);
  if (period == std::chrono::nanoseconds{0}) {
    auto last = std::move(callback);
    all_.erase(which);
    return last;
  }
  place = order_.emplace(due + ((now - due) / period + 1) * period, which->first);
  return callback;
}

}  // namespace troupe::runtime
