// Actors that hang: seen in their pages, without asking them. Only those are looked at that are to be.
#include <troupe/switched_off.hpp>

#include "channel/page.hpp"
#include "platform/clock.hpp"
#include "process/guardian.hpp"

#include <algorithm>
#include <system_error>

namespace troupe::process_layer {
namespace {

constexpr int looks = 4;  // in the time that makes a hang
constexpr auto least_pause = std::chrono::milliseconds{5};

struct oldest_message {
  channel::slot channel{};
  std::uint64_t sequence = 0;
  std::int64_t since = 0;
};

// What is older than the process is what the one before it died with.
std::optional<oldest_message> oldest_of(const channel::peer_page& page, std::int64_t process_since) {
  std::optional<oldest_message> oldest;
  for (const auto& each : page.running()) {
    if (each.since >= process_since && (!oldest || each.since < oldest->since))
      oldest = {each.channel, each.sequence, each.since};
  }
  return oldest;
}

std::chrono::milliseconds milliseconds_since(std::int64_t then) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::nanoseconds{platform::monotonic_nanoseconds() - then});
}

}  // namespace

void guardian::watch_for_hangs(actor_record& actor) {
  if (actor.hangs.after.count() <= 0 || switched_off("hangs")) return;
  if (!actor.hang_timer) actor.hang_timer = std::make_unique<boost::asio::steady_timer>(loop_);
  actor.hang_timer->expires_after(
      std::max<std::chrono::milliseconds>(actor.hangs.after / looks, least_pause));
  actor.hang_timer->async_wait([this, id = actor.ref.id](auto error) {
    const auto still = actors_.find(id);
    if (error || still == actors_.end()) return;
    auto& found = *still->second;
    if (found.has_started && !found.is_restarting) look_for_hang(found);
    watch_for_hangs(found);
  });
}

void guardian::look_for_hang(actor_record& actor) try {
  const auto& page = actor.control.look();
  if (const auto oldest = oldest_of(page, actor.running_since)) {
    actor.silent_since = 0;
    const auto lasted = milliseconds_since(oldest->since);
    if (lasted >= actor.hangs.after && std::exchange(actor.hang_told, oldest->since) != oldest->since)
      tell_hang(actor, page, hang_sign::handling, lasted,
                method_of(actor, oldest->channel, oldest->sequence));
    return;
  }
  const auto handled = page.handled();
  if (!has_unread(actor, page) || std::exchange(actor.handled_then, handled) != handled) {
    actor.silent_since = 0;
  } else if (actor.silent_since == 0) {
    actor.silent_since = platform::monotonic_nanoseconds();
  } else if (const auto lasted = milliseconds_since(actor.silent_since);
             lasted >= actor.hangs.after &&
             std::exchange(actor.hang_told, actor.silent_since) != actor.silent_since) {
    tell_hang(actor, page, hang_sign::silent, lasted, 0);
  }
} catch (const std::system_error&) {
  // No descriptors or memory to look with: the next look may have some.
}

bool guardian::has_unread(const actor_record& actor, const channel::peer_page& page) {
  return std::any_of(actor.control.channels.begin(), actor.control.channels.end(), [&](const auto& each) {
    client* const sender = find_client(each.first);
    if (sender == nullptr || sender == &actor.control || !each.second.is_attached) return false;
    return head_of(*sender, counterpart(*sender, actor.control, each.second)) >
           page.finished(channel::slot{each.second.slot}).position;
  });
}

/// Which method the message calls; 0 where that cannot be said.
std::uint64_t guardian::method_of(const actor_record& actor, channel::slot where, std::uint64_t sequence) {
  const auto end = std::find_if(actor.control.channels.begin(), actor.control.channels.end(),
                                [&](const auto& each) { return channel::slot{each.second.slot} == where; });
  client* const sender = end == actor.control.channels.end() ? nullptr : find_client(end->first);
  if (sender == nullptr || sender == &actor.control) return 0;
  const auto& its = counterpart(*sender, actor.control, end->second);
  const auto from = actor.control.look().finished(where);
  std::uint64_t method = 0;
  its.kept->for_each_unread(its.outgoing, from, head_of(*sender, its), [&](const wire::frame& frame) {
    if (frame.header.sequence == sequence) method = frame.header.method;
  });
  return method;
}

void guardian::tell_hang(actor_record& actor, const channel::peer_page& page, hang_sign sign,
                         std::chrono::milliseconds lasted, std::uint64_t method) {
  const auto on = page.waits_for();
  send(host_, hangs{actor.name, static_cast<std::int32_t>(actor.pid), sign,
                    static_cast<std::uint64_t>(lasted.count()), method, on == 0 ? "" : name_of(on)});
  if (actor.hangs.action != hang_action::restart) return;
  actor.killed_as_hung = lasted;
  send_signal(actor, platform::kill_signal);
}

}  // namespace troupe::process_layer
