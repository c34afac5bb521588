// Actors that are started again. What makes an actor the same one stays here between two processes: its page and the
// journals of its channels, so also what had been accepted and not been handled.
#include <troupe/switched_off.hpp>

#include "channel/journal.hpp"
#include "channel/page.hpp"
#include "process/guardian.hpp"

#include <algorithm>
#include <array>
#include <system_error>

namespace troupe::process_layer {

std::chrono::nanoseconds delay_of(const restart_policy& policy, std::size_t restarts) {
  if (switched_off("back_off")) return {};
  auto delay = std::chrono::nanoseconds{policy.delay};
  for (std::size_t i = 1; i < restarts && delay < policy.longest_delay; ++i) delay *= 2;
  delay = std::min<std::chrono::nanoseconds>(delay, policy.longest_delay);
  const auto percent = 80 + static_cast<std::int64_t>(platform::random_bits() % 41);
  return delay / 100 * percent;
}

bool has_restart_left(restart_times& times, const restart_policy& policy) {
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(times, [&](auto time) { return now - time > policy.within; });
  if (times.size() >= policy.most && !switched_off("restart_budget")) return false;
  times.push_back(now);
  return true;
}

/// As it was ordered: what a start comes by on its way is not copied.
guardian::pending_start guardian::pending_start::again() const {
  pending_start copy;
  copy.by = by;
  copy.owner = owner;
  copy.what = what;
  copy.module = module;
  copy.in_program = in_program;
  copy.order = order;
  copy.description = description;
  for (const auto& memory : arguments) copy.arguments.push_back(memory.duplicate());
  return copy;
}

void guardian::keep_for_restarts(const pending_start& start, const spawn& wanted) {
  if (wanted.restart.when == restart::never) return;
  revival kept;
  kept.policy = wanted.restart;
  kept.max_attempts = wanted.max_attempts;
  kept.first = start.again();
  for (auto& memory : kept.checkpoints) memory = platform::create_growing_memory("troupe-checkpoint");
  revivals_.emplace(start.order.what.actor, std::move(kept));
}

bool guardian::is_ending(const actor_record& actor) {
  return is_shutting_down_ || actor.eviction != 0 || find_client(actor.owner) == nullptr;
}

bool guardian::wants_restart(const actor_record& actor, const revival& next, const exit_status& status) {
  if (status.ok() && next.policy.when != restart::always) return false;
  return !is_ending(actor) && !actor.control.stop_was_told;
}

// False where this end is the end.
bool guardian::begin_restart(actor_record& actor, const exit_status& status) {
  const auto place = revivals_.find(actor.ref.id);
  if (place == revivals_.end()) return false;
  auto& next = place->second;
  if (actor.group != 0) {
    if (restart_in_group(actor, next, status)) return true;
    revivals_.erase(place);
    return false;
  }
  if (!wants_restart(actor, next, status) || !has_restart_left(next.times, next.policy)) {
    revivals_.erase(place);
    return false;
  }
  set_aside(actor, next, status);
  next.timer = std::make_unique<boost::asio::steady_timer>(loop_, delay_of(next.policy, next.times.size()));
  next.timer->async_wait([this, id = actor.ref.id](auto error) {
    if (!error) start_again(id);
  });
  return true;
}

void guardian::set_aside(actor_record& actor, revival& next, const exit_status& status) {
  actor.last = {actor.pid, status};
  pending_starts_.erase(actor.ref.id);
  actor.grace_timer.reset();
  interrupt(actor, next);
}

// Everybody at the other end of a channel is told, with what is known of the messages that it had begun.
void guardian::interrupt(actor_record& actor, revival& next) {
  const auto& page = actor.control.look();
  next.unfinished.clear();
  for (const auto& each : page.running()) {
    if (each.sequence <= page.finished(each.channel).sequence) continue;
    const bool had_begun = page.has_begun(each.channel, each.sequence);
    const auto attempts = had_begun || each.attempt == 0 ? each.attempt : each.attempt - 1;
    next.unfinished[static_cast<std::uint32_t>(each.channel)].push_back(
        {each.sequence, attempts, attempts < next.max_attempts || switched_off("max_attempts")});
  }
  std::erase_if(actor.given_up, [&](const auto& each) {
    return each.second <= page.finished(channel::slot{each.first}).sequence;
  });
  actor.is_restarting = true;
  if (switched_off("journals_kept")) close_channels(actor, actor.last.status);
  actor.control.channels.erase(actor.ref.id);  // to itself: nobody is left at either end
  for (auto& [peer, end] : actor.control.channels) {
    client* const other = find_client(peer);
    end.is_attached = false;
    auto& its = counterpart(*other, actor.control, end);
    report_given_up(actor, end, *other, its, next);
    if (!its.is_attached) continue;
    interrupted words{actor.ref.id, its.slot, {}, actor.last.status};
    for (const auto& each : next.unfinished[end.slot]) {
      if (each.goes_on) words.again.push_back(each.sequence);
    }
    send(*other, words);
  }
  end_inquiries_about(actor.ref.id);
  end_what_it_spawned(actor);
  actor.control.ready.reset();
  actor.control.link.close();
  actor.control.outgoing.clear();
  actor.control.stop_was_told = false;
  actor.pid = 0;
  actor.exception.reset();
  actor.escalated.reset();
  actor.killed_as_hung.reset();
}

void guardian::start_again(std::uint32_t id) try {
  const auto place = revivals_.find(id);
  if (place == revivals_.end()) return;  // given up as the timer went off
  auto& next = place->second;
  auto& actor = *actors_.at(id);
  auto start = next.first.again();
  start.description.incarnation = ++next.incarnation;
  connect_streams(actor, start);
  pending_starts_.insert_or_assign(id, std::move(start));
  if (next.first.by == pending_start::way::zygote && zygote_.pid == 0) start_zygote_again();
  if (pending_starts_.contains(id)) launch(id);  // else there is no zygote, and it has been given up
} catch (const std::system_error&) {
  end_restart(id);
}

void guardian::resume(actor_record& actor) {
  actor.is_restarting = false;
  if (!revivals_.contains(actor.ref.id)) {  // given up meanwhile
    send_signal(actor, platform::kill_signal);
    return;
  }
  for (const auto watcher : actor.watchers) {
    if (client* const to = find_client(watcher)) send(*to, watching{actor.ref.id, actor.pid});
  }
  try {
    attach_all(actor);
  } catch (const std::exception&) {
    // No descriptors, or a page that makes no sense: as if it had died at once.
    send_signal(actor, platform::kill_signal);
  }
  actor.control.seen.reset();  // until the next end
  for (const auto& next : std::exchange(actor.control.later, {})) next();
}

void guardian::attach_all(actor_record& actor) {
  for (auto& [peer, end] : actor.control.channels) {
    const auto record = actors_.find(peer);
    if (record != actors_.end() && record->second->is_restarting) continue;  // its turn comes
    client& other = *find_client(peer);
    attach(actor, end, other, counterpart(other, actor.control, end));
  }
  if (switched_off("orphans")) return;
  for (const auto& each : actor.control.orphans) hand_over_orphan(actor, each);
}

// With the news of the other end's death behind it.
void guardian::hand_over_orphan(actor_record& actor, const client::orphan& of) {
  const auto socket = platform::packet_pair().first;  // whose other end is closed
  const auto epoch = ++last_epoch_;
  const auto& page = actor.control.look();
  const auto its_page = channel::peer_page::of_own_making(of.peer_page);
  const auto& memory = of.kept->memory();
  const auto incoming = channel::opposite(of.outgoing);
  channel::begin_journal_at(memory, of.outgoing, its_page.finished(channel::slot{of.peer_slot}).position,
                            epoch);
  channel::begin_journal_at(memory, incoming, page.finished(channel::slot{of.slot}).position, epoch);
  const std::array given{socket.get(), memory.get(), of.peer_page.get()};
  const accepted words{
      {of.peer, of.slot, of.peer_slot, of.outgoing}, epoch, unfinished_of(actor.ref.id, of.slot), true};
  send(actor.control, words, given);
  send(actor.control, down{of.peer, of.peer_name, of.peer_pid, of.peer_status});
}

std::vector<unfinished_message> guardian::unfinished_of(std::uint32_t id, std::uint32_t slot) {
  const auto known = revivals_.find(id);
  return known == revivals_.end() ? std::vector<unfinished_message>{} : known->second.unfinished[slot];
}

// The other end goes on with what it has; or is itself a process that has not seen this channel yet.
void guardian::attach(actor_record& actor, client::channel_end& end, client& other,
                      client::channel_end& its) {
  auto [ours, theirs] = platform::packet_pair();
  const auto epoch = ++last_epoch_;
  const bool is_new_to_both = !its.is_attached;
  const auto& memory = end.kept->memory();
  if (is_new_to_both) {
    const auto& page = actor.control.look();
    const auto& its_page = other.look();
    channel::begin_journal_at(memory, end.outgoing, its_page.finished(channel::slot{its.slot}).position,
                              epoch);
    channel::begin_journal_at(memory, its.outgoing, page.finished(channel::slot{end.slot}).position, epoch);
  }
  end.is_attached = its.is_attached = true;
  const std::array given{ours.get(), memory.get(), other.page.get()};
  send(actor.control,
       accepted{{other.id, end.slot, its.slot, end.outgoing, revivals_.contains(other.id)},
                epoch,
                unfinished_of(actor.ref.id, end.slot),
                is_new_to_both},
       given);
  if (is_new_to_both) {
    const std::array to_it{theirs.get(), memory.get(), actor.control.page.get()};
    send(other,
         accepted{{actor.ref.id, its.slot, end.slot, its.outgoing, true},
                  epoch,
                  unfinished_of(other.id, its.slot),
                  true},
         to_it);
  } else if (!switched_off("reattach")) {
    const std::array socket{theirs.get()};
    send(other, reattached{actor.ref.id, its.slot, epoch}, socket);
  }
}

/// The other end of a channel: those of two processes are in the same order at both.
client::channel_end& guardian::counterpart(client& other, const client& of, const client::channel_end& end) {
  const auto [first, last] = of.channels.equal_range(other.id);
  const auto place =
      std::find_if(first, last, [&](const auto& each) { return each.second.slot == end.slot; });
  return std::next(other.channels.equal_range(of.id).first, std::distance(first, place))->second;
}

// There will be no other process: then the last one's end is the actor's.
void guardian::end_restart(std::uint32_t id) {
  const auto place = revivals_.find(id);
  if (place == revivals_.end()) return;  // already
  revivals_.erase(place);
  const auto start = pending_starts_.find(id);
  if (start != pending_starts_.end()) {
    const bool has_process = start->second.by == pending_start::way::itself;
    if (has_process) send_signal(*actors_.at(id), platform::kill_signal);
    if (has_process || start->second.ordered) return;  // that process's end will be the end
    pending_starts_.erase(start);
  }
  bury_unrevived(*actors_.at(id));
}

// Its last process's end is its own.
void guardian::bury_unrevived(actor_record& actor) {
  actor.pid = actor.last.pid;
  actor.is_reaped = true;
  bury(actor, exit_status{actor.last.status});
}

void guardian::end_restarts() {
  std::vector<std::uint32_t> all;
  for (const auto& [id, actor] : actors_) {
    if (actor->is_restarting) all.push_back(id);
  }
  for (const auto id : all) end_restart(id);
}

}  // namespace troupe::process_layer
