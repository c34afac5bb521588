#include "process/inquiry.hpp"

#include <algorithm>
#include <utility>

namespace troupe::process_layer {

bool wait_state::may_go_on() const {
  return kind == wait_kind::free || on.empty() || std::find(on.begin(), on.end(), 0U) != on.end();
}

std::vector<std::uint32_t> inquiry::take_questions() {
  auto questions = std::exchange(to_ask_, {});
  if (second_.empty()) {
    for (const auto who : questions) first_.try_emplace(who);
  }
  return questions;
}

void inquiry::answer(std::uint32_t who, const wait_state& state) {
  auto& round = second_.empty() ? first_ : second_;
  const auto place = round.find(who);
  if (over_ || found_ || place == round.end() || place->second) return;
  if (state.may_go_on()) {
    over_ = true;
    return;
  }
  place->second = state;
  if (&round == &second_) {
    over_ = state != first_.at(who);
    if (!over_ && is_complete(second_)) judge();
    return;
  }
  for (const auto next : state.on) {
    const bool is_queued = std::find(to_ask_.begin(), to_ask_.end(), next) != to_ask_.end();
    if (!first_.contains(next) && !is_queued) to_ask_.push_back(next);
  }
  if (to_ask_.empty() && is_complete(first_)) ask_again();
}

bool inquiry::is_complete(const states& round) {
  return std::all_of(round.begin(), round.end(), [](const auto& each) { return each.second.has_value(); });
}

void inquiry::ask_again() {
  for (const auto& [who, state] : first_) {
    second_.try_emplace(who);
    to_ask_.push_back(who);
  }
}

void inquiry::judge() {
  std::vector<std::uint32_t> path;
  std::set<std::uint32_t> seen;
  if (!find_path(reporter_, path, seen)) {
    over_ = true;  // it waits for others' circle, which is theirs to break
    return;
  }
  const auto since = [&](std::uint32_t who) {
    const auto& state = *second_.at(who);
    return state.kind == wait_kind::waiting ? state.since : std::int64_t{0};
  };
  const auto youngest = std::max_element(path.begin(), path.end(), [&](auto a, auto b) {
    return std::pair{since(a), a} < std::pair{since(b), b};
  });
  std::rotate(path.begin(), youngest, path.end());
  found_ = verdict{path.front(), second_.at(path.front())->number, path};
}

// Depth first, from the reporter back to it; `path` then holds the circle once, beginning with the reporter.
bool inquiry::find_path(std::uint32_t from, std::vector<std::uint32_t>& path,
                        std::set<std::uint32_t>& seen) const {
  path.push_back(from);
  for (const auto next : second_.at(from)->on) {
    if (next == reporter_) return true;
    if (seen.insert(next).second && find_path(next, path, seen)) return true;
  }
  path.pop_back();
  return false;
}

}  // namespace troupe::process_layer
