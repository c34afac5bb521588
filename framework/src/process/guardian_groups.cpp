// Groups of actors that are started again together.
//
//   a member dies ──▶ those that go with it are asked to stop, last first, and killed after the group's grace
//                 ──▶ when all of them have ended, and after the policy's delay, they are started, first first
//   too often     ──▶ escalation: the others end, and the owner with them
#include <troupe/switched_off.hpp>

#include "process/guardian.hpp"

#include <algorithm>

namespace troupe::process_layer {
namespace {

/// Where in `members` those begin that go with the one that has died.
std::size_t first_affected(strategy how, std::size_t died, std::size_t members) {
  switch (how) {
    case strategy::one_for_all: return 0;
    case strategy::rest_for_one: return died;
    case strategy::one_for_one: break;
  }
  return members;
}

constexpr std::size_t most_causes = 64;

std::string list_of(const std::deque<std::string>& causes) {
  std::string all;
  for (const auto& cause : causes) all += (all.empty() ? "" : "; ") + cause;
  return all;
}

}  // namespace

bool guardian::may_join_group(client& owner, const spawn& wanted) {
  const auto known = wanted.group ? groups_.find(wanted.group->number) : groups_.end();
  if (known == groups_.end() || known->second.owner == owner.id) return true;
  refuse(owner, wanted.request, "group", "the group is another actor's: who spawns its first member owns it");
  return false;
}

void guardian::join_group(actor_record& actor, const spawn& wanted) {
  if (!wanted.group) return;
  const auto& order = *wanted.group;
  auto& group =
      groups_.try_emplace(order.number, group_record{order, wanted.restart, actor.owner, {}, {}, {}, {}, {}})
          .first->second;
  group.members.push_back(actor.ref.id);
  actor.group = order.number;
}

void guardian::leave_group(actor_record& actor) {
  const auto place = groups_.find(std::exchange(actor.group, 0));
  if (place == groups_.end()) return;
  auto& group = place->second;
  std::erase(group.members, actor.ref.id);
  group.returning.erase(actor.ref.id);
  if (group.members.empty()) {
    groups_.erase(place);
  } else {
    start_group_when_ended(place->first);
  }
}

// False where this end is the end.
bool guardian::restart_in_group(actor_record& actor, revival& next, const exit_status& status) {
  auto& group = groups_.at(actor.group);
  const auto number = actor.group;
  if (group.returning.contains(actor.ref.id) && !is_ending(actor)) {
    set_aside(actor, next, status);  // because of another's end
    start_group_when_ended(number);
    return true;
  }
  if (!wants_restart(actor, next, status)) return false;
  const bool has_one_left = has_restart_left(group.times, group.policy);
  group.causes.push_back(actor.name + ": " + to_string(status));
  while (group.causes.size() > std::min(group.times.size() + (has_one_left ? 0 : 1), most_causes))
    group.causes.pop_front();
  if (!has_one_left) {
    if (!switched_off("escalation")) escalate(number, actor);
    return false;
  }
  set_aside(actor, next, status);
  group.returning.insert(actor.ref.id);
  end_affected(group, actor);
  start_group_when_ended(number);
  return true;
}

// Who is about to start anyway stays as it is; who has been asked to stop by somebody else ends for good.
void guardian::end_affected(group_record& group, const actor_record& died) {
  if (switched_off("groups")) return;
  const auto& members = group.members;
  const auto place = std::find(members.begin(), members.end(), died.ref.id);
  const auto first =
      first_affected(group.order.strategy, static_cast<std::size_t>(place - members.begin()), members.size());
  bool any = false;
  for (auto i = members.size(); i-- > first;) {
    auto& other = *actors_.at(members[i]);
    if (!other.has_started || other.is_restarting || other.control.stop_was_told) continue;
    group.returning.insert(members[i]);
    ask_to_end(other, {});
    any = true;
  }
  if (!any) return;
  group.timer = std::make_unique<boost::asio::steady_timer>(
      loop_, std::chrono::milliseconds{group.order.grace_milliseconds});
  group.timer->async_wait([this, number = group.order.number](auto error) {
    const auto still = groups_.find(number);
    if (error || still == groups_.end()) return;
    for (const auto id : still->second.returning) {
      if (!actors_.at(id)->is_restarting) send_signal(*actors_.at(id), platform::kill_signal);
    }
  });
}

bool guardian::have_ended(const std::set<std::uint32_t>& members) const {
  return std::all_of(members.begin(), members.end(),
                     [this](std::uint32_t id) { return actors_.at(id)->is_restarting; });
}

void guardian::start_group_when_ended(std::uint64_t number) {
  auto& group = groups_.at(number);
  if (group.returning.empty() || !have_ended(group.returning)) return;
  group.timer =
      std::make_unique<boost::asio::steady_timer>(loop_, delay_of(group.policy, group.times.size()));
  group.timer->async_wait([this, number](auto error) {
    const auto still = groups_.find(number);
    // A timer that went off before it was replaced comes here all the same.
    if (error || still == groups_.end() || !have_ended(still->second.returning)) return;
    const auto all = std::exchange(still->second.returning, {});
    const auto members = still->second.members;  // a start that fails leaves the group
    for (const auto id : members) {
      if (all.contains(id)) start_again(id);
    }
  });
}

// Somebody else wants it to end: it does not come back with the others.
void guardian::stop_for_good(const actor_record& member) {
  const auto group = groups_.find(member.group);
  if (group != groups_.end() && group->second.returning.erase(member.ref.id) != 0)
    start_group_when_ended(group->first);
}

// `last` has died, and is buried by whoever calls this.
void guardian::escalate(std::uint64_t number, const actor_record& last) {
  const auto group = std::move(groups_.extract(number).mapped());
  std::vector<std::uint32_t> between;
  for (const auto id : group.members) {
    auto& other = *actors_.at(id);
    other.group = 0;
    if (id != last.ref.id && other.is_restarting) between.push_back(id);
  }
  const auto what = "group " + (group.order.name.empty() ? "of " + last.name : group.order.name);
  if (const auto owner = actors_.find(group.owner); owner != actors_.end()) {
    owner->second->escalated = what + " died too often: " + list_of(group.causes);
    send_signal(*owner->second, platform::kill_signal);
  } else if (group.owner == 0) {
    send(host_, escalated{group.order.name, {group.causes.begin(), group.causes.end()}});
  }
  const auto eviction = ++last_eviction_;
  begin_eviction(eviction);
  for (const auto id : group.members) {
    if (id == last.ref.id) continue;
    join_eviction(*actors_.at(id), eviction);
    ask_to_end(*actors_.at(id), {});
  }
  leave_eviction(eviction);  // where nobody is left
  for (const auto id : between) end_restart(id);
}

}  // namespace troupe::process_layer
