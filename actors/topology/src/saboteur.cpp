#include "saboteur.hpp"

#include <algorithm>

namespace troupe::detail {

namespace {

std::uint64_t drawn_seed() { return std::random_device{}(); }

}  // namespace

saboteur::saboteur(const chaos_options& options) : options_{options}, due_{clock::now() + options.pace} {
  counts_.seed = options.seed.value_or(drawn_seed());
  random_.seed(counts_.seed);
}

saboteur::clock::time_point saboteur::next() const {
  auto first = kills_left() > dying_ || counts_.stops < options_.stops ? due_ : clock::time_point::max();
  for (const auto& each : sleepers_) first = std::min(first, each.until);
  return first;
}

void saboteur::act(crew& crew, const duty_sheet& duties, std::uint32_t mortals) {
  const auto now = clock::now();
  wake(now);
  if (now < due_) return;
  std::vector<crew::member*> busy;
  for (std::uint32_t i = 0; i < mortals; ++i) {
    auto& each = crew.at(i);
    if (!each.is_sabotaged && !each.may_end && state_of(each, duties, i) != duty_state::idle)
      busy.push_back(&each);
  }
  if (busy.empty()) {  // soon, somebody will be
    due_ = now + std::chrono::microseconds{draw(500)};
    return;
  }
  const bool may_pause = counts_.stops < options_.stops;
  if (may_pause && (kills_left() <= dying_ || draw(2) == 0)) {
    pause_one(busy, now);
  } else if (kills_left() > dying_) {
    kill_some(busy);
  }
  due_ = now + std::chrono::microseconds{draw(2 * static_cast<std::uint64_t>(options_.pace.count()) + 1)};
}

/// Most of the time one; else two at once, so that both ends of an edge die together.
void saboteur::kill_some(const std::vector<crew::member*>& busy) {
  const auto count = std::min<std::uint64_t>({draw(4) == 0 ? 2U : 1U, kills_left() - dying_, busy.size()});
  const auto first = draw(busy.size());
  for (std::uint64_t i = 0; i < count; ++i) {
    auto& victim = *busy[(first + i) % busy.size()];
    victim.is_sabotaged = true;
    ++dying_;
    victim.handle.kill();
  }
}

void saboteur::pause_one(const std::vector<crew::member*>& busy, clock::time_point now) {
  const auto& victim = *busy[draw(busy.size())];
  const auto longest = static_cast<std::uint64_t>(options_.longest_fault.count());
  victim.handle.pause();
  sleepers_.push_back({now + std::chrono::milliseconds{1 + draw(longest)}, victim.handle});
  ++counts_.stops;
}

void saboteur::wake(clock::time_point now) {
  std::erase_if(sleepers_, [now](const sleeper& each) {
    if (now < each.until) return false;
    each.whom.resume();
    return true;
  });
}

bool saboteur::note_death(const crew::member& whom, duty_state state) {
  if (!whom.is_sabotaged) return false;
  dying_ -= dying_ > 0 ? 1 : 0;
  if (state == duty_state::idle) return true;
  ++counts_.kills;
  counts_.while_running += state == duty_state::working ? 1 : 0;
  ++counts_.by_actor[whom.handle.name()];
  return true;
}

void saboteur::wake_all() {
  for (const auto& each : sleepers_) each.whom.resume();
  sleepers_.clear();
}

void saboteur::forget_crew() {
  dying_ = 0;
  sleepers_.clear();
}

}  // namespace troupe::detail
