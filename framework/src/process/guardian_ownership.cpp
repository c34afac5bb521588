// Who spawns owns: when an actor has ended, everything below it ends too. What it had spawned is asked to stop, which it
// does once it has handled what its owner had committed to it; so it goes down the tree. One grace is for the whole
// subtree; after that come SIGTERM and SIGKILL to all that is left of it.
#include <troupe/switched_off.hpp>

#include "channel/page.hpp"
#include "process/guardian.hpp"

#include <algorithm>

namespace troupe::process_layer {

bool guardian::may_own(client& owner, const spawn& wanted) {
  const auto depth = owner.id == 0 ? 0 : actors_.at(owner.id)->depth;
  if (depth < max_depth_) return true;
  const auto what = wanted.name.empty() ? wanted.default_name : wanted.name;
  refuse(owner, wanted.request, "too_deep",
         what + " would be at depth " + std::to_string(depth + 1) + " of actors that spawn actors, and " +
             std::to_string(max_depth_) +
             " is the limit; end a recursion that has no end, or raise system_options::max_depth");
  return false;
}

// The owner is still known, and those who watched it have been told of its end.
void guardian::end_what_it_spawned(const actor_record& owner) {
  if (is_shutting_down_ || switched_off("subtree_ends")) return;  // everything has been asked already
  auto number = owner.eviction;
  std::vector<std::uint32_t> restarting;
  for (auto& [id, actor] : actors_) {
    if (actor->owner != owner.ref.id) continue;
    if (actor->is_restarting) restarting.push_back(id);
    if (number == 0) begin_eviction(number = ++last_eviction_);
    join_eviction(*actor, number);
    // By its sequence it is no stop at once, and by its slot behind no channel's: the actor, which has just been told of
    // the owner's end, takes in what that had committed, and stops behind the last of it.
    ask_to_end(*actor, {owner.ref.id, 1, channel::max_slots});
  }
  for (const auto id : restarting) end_restart(id);
}

// For others' sake: its own grace then counts beside that of the whole.
void guardian::ask_to_end(actor_record& actor, const stop_after& what) {
  tell_stop(actor.control, what);
  if (!actor.grace || actor.grace_timer) return;
  actor.grace_timer = std::make_unique<boost::asio::steady_timer>(loop_, *actor.grace);
  actor.grace_timer->async_wait([this, id = actor.ref.id, timer = actor.grace_timer.get()](auto error) {
    const auto still = actors_.find(id);
    if (error || still == actors_.end() || still->second->grace_timer.get() != timer) return;
    still->second->was_killed = is_shutting_down_ || still->second->eviction != 0;
    send_signal(*still->second, platform::kill_signal);
  });
}

// With all that is below it. What they spawn from now on joins by itself.
void guardian::join_eviction(actor_record& actor, std::uint32_t number) {
  if (actor.eviction != 0) return;
  actor.eviction = number;
  for (auto& [id, other] : actors_) {
    if (other->owner == actor.ref.id) join_eviction(*other, number);
  }
}

void guardian::begin_eviction(std::uint32_t number) {
  auto& timer = evictions_.try_emplace(number, loop_).first->second;
  timer.expires_after(grace_);
  timer.async_wait([this, number](auto error) {
    if (!error) force_eviction(number, platform::terminate_signal);
  });
}

// Again and again, for what is started meanwhile.
void guardian::force_eviction(std::uint32_t number, int signal) {
  const auto place = evictions_.find(number);
  if (place == evictions_.end()) return;
  for (auto& [id, actor] : actors_) {
    if (actor->eviction != number) continue;
    actor->was_killed = true;
    send_signal(*actor, signal);
  }
  place->second.expires_after(terminate_patience);
  place->second.async_wait([this, number](auto error) {
    if (!error) force_eviction(number, platform::kill_signal);
  });
}

void guardian::leave_eviction(std::uint32_t number) {
  if (number == 0) return;
  for (const auto& [id, actor] : actors_) {
    if (actor->eviction == number) return;
  }
  evictions_.erase(number);
}

void guardian::on_list(client& from, const list& wanted) {
  listed answer{wanted.request, platform::parent_pid(), {}};
  for (const auto& [id, actor] : actors_) {
    if (!actor->has_started) continue;
    actor_entry entry{.name = actor->name,
                      .pid = static_cast<int>(actor->pid),
                      .number = id,
                      .parent_number = actor->owner};
    if (const auto owner = actors_.find(actor->owner); owner != actors_.end()) {
      entry.parent = owner->second->name;
      entry.parent_pid = static_cast<int>(owner->second->pid);
    }
    if (const auto known = revivals_.find(id); known != revivals_.end())
      entry.incarnation = known->second.incarnation;
    if (const auto group = groups_.find(actor->group); group != groups_.end())
      entry.group = group->second.order.name;
    answer.actors.push_back(std::move(entry));
  }
  std::sort(answer.actors.begin(), answer.actors.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  send(from, answer);
}

// One that has ended stays: whoever looks for it hears what has become of it.
void guardian::on_gateway(client& from, const gateway& wanted) {
  const bool is_taken = gateway_.is.id != 0 && find(gateway_.is) != nullptr;
  if (wanted.is.id != 0 && !is_taken) gateway_ = {0, wanted.is, wanted.name, wanted.node};
  auto answer = gateway_;
  answer.request = wanted.request;
  send(from, answer);
}

void guardian::on_verify(client& from, const verify& wanted) {
  const bool is_so = find(wanted.whom) != nullptr || find_ended(wanted.whom) != nullptr;
  send(from, verified{wanted.request, is_so});
}

}  // namespace troupe::process_layer
