#include <troupe/errors.hpp>

#include "channel/journal.hpp"
#include "channel/page.hpp"
#include "process/guardian.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <system_error>

namespace troupe::process_layer {
namespace {

// Control messages kept for a client that does not read, before new channels to it wait. (Its socket takes a hundred first.)
constexpr std::size_t most_unread = 32;

std::uint32_t take_slot(client& of) {
  if (of.free_slots.empty()) {
    if (of.next_slot == channel::max_slots) {
      throw std::system_error{std::make_error_code(std::errc::too_many_files_open),
                              "channels of one process"};
    }
    return of.next_slot++;
  }
  return of.free_slots.extract(of.free_slots.begin()).value();
}

/// How every version of `hello` begins.
struct beginning {
  std::uint32_t version = 0;
};

}  // namespace

void guardian::serve(client& who) {
  if (!who.ready) who.ready = std::make_unique<readiness>(loop_, who.link.socket());
  who.ready->when_readable([this, id = who.id] {
    client* const from = find_client(id);
    if (from == nullptr) return;
    const bool open = receive_all(*from);
    if (!open && id == 0) end_everything();
    if (client* const still = find_client(id); open && still != nullptr) serve(*still);
  });
}

bool guardian::receive_all(client& who) {
  control_message message;
  const auto id = who.id;
  try {
    for (;;) {
      switch (who.link.receive(message)) {
        case control_link::state::closed: return false;
        case control_link::state::empty: return true;
        case control_link::state::message: dispatch(who, message);
      }
    }
  } catch (const error&) {
    // A client that breaks the protocol is not believed any further. An actor's end will be told by the kernel.
    if (id == 0) end_everything();
    if (const auto place = actors_.find(id); place != actors_.end())
      send_signal(*place->second, platform::kill_signal);
    return false;
  }
}

void guardian::dispatch(client& from, control_message& message) {
  if (from.id == 0 && !host_is_known_) return on_hello(from, message);
  switch (message.kind()) {
    case control_kind::spawn: return on_spawn(from, message);
    case control_kind::connect: return on_connect(from, message.as<connect>());
    case control_kind::entered: return on_entered(from, message.as<entered>());
    case control_kind::preload: return on_preload(from, message.as<preload>());
    case control_kind::list: return on_list(from, message.as<list>());
    case control_kind::gateway: return on_gateway(from, message.as<gateway>());
    case control_kind::verify: return on_verify(from, message.as<verify>());
    case control_kind::watch: return on_watch(from, message.as<watch>());
    case control_kind::stop: {
      const auto wanted = message.as<stop>();
      if (actor_record* whom = find(wanted.whom)) {
        const stop_after words{from.id, wanted.sequence, wanted.slot};
        if (!whom->is_restarting) {
          tell_stop(whom->control, words);
          return stop_for_good(*whom);
        }
        whom->control.later.emplace_back([this, whom = wanted.whom, words] {
          if (actor_record* still = find(whom)) tell_stop(still->control, words);
        });
      }
      return;
    }
    case control_kind::cancel: {
      const auto wanted = message.as<cancel>();
      if (actor_record* whom = find(wanted.whom))
        send(whom->control, cancel_call{from.id, wanted.slot, wanted.call});
      return;
    }
    case control_kind::signal: {
      const auto wanted = message.as<signal>();
      if (!platform::is_signal(wanted.number)) throw malformed_message{"a signal that there is not"};
      const actor_record* whom = find(wanted.whom);
      if (whom != nullptr) send_signal(*whom, wanted.number);
      return;
    }
    case control_kind::release: {
      const auto words = message.as<release>();
      const auto slot = words.slot;
      settle_leftover(from, slot, words.head);
      std::erase_if(from.orphans, [slot](const auto& each) { return each.slot == slot; });
      forget_channel(from, slot);
      if (const auto self = actors_.find(from.id); self != actors_.end())
        std::erase_if(self->second->given_up, [slot](const auto& each) { return each.first == slot; });
      if (slot < from.next_slot) from.free_slots.insert(slot);
      return;
    }
    case control_kind::blocked: return on_blocked(from);
    case control_kind::standing: return on_standing(from, message.as<standing>());
    case control_kind::failed:
      if (actor_record* self = from.id == 0 ? nullptr : actors_.at(from.id).get())
        self->exception = message.as<failed>();
      return;
    case control_kind::shutdown:
      if (from.id == 0) begin_shutdown(std::chrono::milliseconds{message.as<shutdown>().grace_milliseconds});
      return;
    default: throw malformed_message{"a control message of a kind that clients do not send"};
  }
}

void guardian::tell_stop(client& whom, const stop_after& what) {
  if (!std::exchange(whom.stop_was_told, true)) send(whom, what);
}

void guardian::send_encoded(client& to, encoded_message message, std::span<const int> descriptors) {
  if (!to.link) return;  // its process has died, and the next one will be told how things stand
  if (to.outgoing.empty()) {
    switch (to.link.try_send(message, descriptors)) {
      case platform::send_result::sent:
      case platform::send_result::closed: return;  // closed: its end will be told by the kernel
      case platform::send_result::full: break;
    }
  }
  client::queued waiting{std::move(message), {}};
  for (const int number : descriptors) {
    auto borrowed = platform::descriptor::adopt(number);
    try {
      waiting.descriptors.push_back(borrowed.duplicate());
    } catch (...) {
      [[maybe_unused]] const int still_the_callers = borrowed.release();
      throw;
    }
    [[maybe_unused]] const int still_the_callers = borrowed.release();
  }
  to.outgoing.push_back(std::move(waiting));
  if (to.outgoing.size() == 1) flush(to);
}

void guardian::flush(client& to) {
  if (!to.ready) return;  // not started yet: `serve` comes back to it
  to.ready->when_writable([this, id = to.id] {
    client* const who = find_client(id);
    if (who == nullptr) return;
    while (!who->outgoing.empty()) {
      const auto& next = who->outgoing.front();
      std::vector<int> numbers;
      for (const auto& owned : next.descriptors) numbers.push_back(owned.get());
      if (who->link.try_send(next.message, numbers) == platform::send_result::full) return retry_flush(*who);
      who->outgoing.pop_front();
    }
    for (auto& next : std::exchange(who->later, {})) next();
  });
}

// Writable and full all the same: too many descriptors are under way. No event tells when they have arrived.
void guardian::retry_flush(client& to) {
  const auto timer = std::make_shared<boost::asio::steady_timer>(loop_, std::chrono::milliseconds{10});
  timer->async_wait([this, timer, id = to.id](auto) {
    if (client* const who = find_client(id)) flush(*who);
  });
}

/// The asking end of a new channel; the other end has been told already.
struct guardian::channel_pair {
  channel_numbers numbers;
  platform::descriptor socket;
  platform::descriptor journals;
  int peer_page = -1;
  [[nodiscard]] std::array<int, channel_descriptors> descriptors() const {
    return {socket.get(), journals.get(), peer_page};
  }
};

void guardian::on_hello(client& from, control_message& message) {
  if (message.kind() != control_kind::hello) throw malformed_message{"first words that are no hello"};
  if (const auto its = message.as<beginning>().version; its != control_version) {
    refuse(from, 0, "handshake",
           "the actors' program has another version of the library than the host (" +
               std::to_string(control_version) + " and " + std::to_string(its) +
               "): link both with the same one");
    return;
  }
  const auto words = message.as<hello>();
  // Somebody else's child by now: the host died before we could watch it.
  if (words.cookie != cookie_ || words.host != platform::parent_pid()) end_everything();
  host_is_known_ = true;
  output_ = words.output;
  grace_ = std::chrono::milliseconds{words.grace_milliseconds};
  start_timeout_ = std::chrono::milliseconds{words.start_milliseconds};
  loader_.set_patience(start_timeout_);
  spin_ = words.spin_nanoseconds;
  max_depth_ = words.max_depth;
  default_start_ = words.start;
  default_lane_ = words.lane;
  standbys_.keep(words.standbys);
  auto next = message.descriptors.begin();
  const auto take_stream = [&](bool has) {
    auto given = has && next != message.descriptors.end() ? std::move(*next++) : platform::descriptor{};
    return std::make_unique<output_sink>(loop_, platform::output_stream{std::move(given)});
  };
  standard_output_ = take_stream(words.has_output);
  standard_error_ = take_stream(words.has_error);
  if (words.modules.empty()) return welcome_host();
  for (const auto& path : words.modules) preloads_.push_back({0, 0, path});
  for (const auto& path : words.modules) loader_.load(path);
}

void guardian::welcome_host() {
  host_is_ready_ = true;
  standbys_.refill();
  host_.page = channel::page::create();
  static_cast<void>(host_.look());  // now, so that what we have does not grow with the first end
  const std::array page{host_.page.get()};
  send(host_, ready{platform::own_pid()}, page);
}

guardian::channel_pair guardian::open_channel(client& from, actor_record& to) {
  auto [ours, its] = platform::packet_pair();
  auto journals = channel::create_journals(to.mailbox_bytes, to.mailbox_messages, to.lane);
  const bool from_may_return = revivals_.contains(from.id), to_may_return = revivals_.contains(to.ref.id);
  const auto kept =
      std::make_shared<const channel::kept_journals>(journals, from_may_return || to_may_return);
  const auto from_slot = take_slot(from), to_slot = take_slot(to.control);
  const std::array told{its.get(), journals.get(), from.page.get()};
  try {
    send(to.control, accepted{{from.id, to_slot, from_slot, channel::direction::back, from_may_return}},
         told);
  } catch (const std::system_error&) {
    from.free_slots.insert(from_slot);
    to.control.free_slots.insert(to_slot);
    throw;
  }
  // Both ends are told of the other's death: without that the accepting one would keep its end for good.
  if (const auto connecting = actors_.find(from.id); connecting != actors_.end())
    connecting->second->watchers.insert(to.ref.id);
  from.channels.emplace(to.ref.id, client::channel_end{from_slot, kept, channel::direction::forth});
  to.control.channels.emplace(from.id, client::channel_end{to_slot, kept, channel::direction::back});
  return {{to.ref.id, from_slot, to_slot, channel::direction::forth, to_may_return},
          std::move(ours),
          std::move(journals),
          to.control.page.get()};
}

void guardian::introduce(client& asker, actor_record& actor, request_number request) {
  try {
    auto channel = open_channel(asker, actor);
    actor.watchers.insert(asker.id);
    send(asker, spawned{request, actor.ref, actor.name, actor.pid, channel.numbers}, channel.descriptors());
  } catch (const std::system_error& problem) {
    refuse(asker, request, out_of_room, with_advice_on_room(problem));
    send_signal(actor, platform::kill_signal);
  }
}

void guardian::close_channels(actor_record& of, const exit_status& status) {
  for (auto& [peer, end] : of.control.channels) {
    client* const other = find_client(peer);
    if (other == nullptr || other == &of.control) continue;
    auto& its = counterpart(*other, of.control, end);
    if (!revivals_.contains(peer)) continue;
    try {
      auto page = of.control.page.duplicate();
      other->orphans.push_back({of.ref.id, its.slot, end.slot, its.kept, its.outgoing, std::move(page),
                                of.name, static_cast<std::int32_t>(of.pid), status});
    } catch (const std::system_error&) {
      // No descriptors: what it has from there, it has; a process after it would not.
    }
  }
  for (const auto& [peer, end] : of.control.channels) {
    client* const other = find_client(peer);
    if (other != nullptr && other != &of.control) other->channels.erase(of.ref.id);
  }
}

// The client found no room for its end: the other one stays, as of a channel that nobody uses.
void guardian::forget_channel(client& from, std::uint32_t slot) {
  const auto place = std::find_if(from.channels.begin(), from.channels.end(),
                                  [slot](const auto& each) { return each.second.slot == slot; });
  if (place == from.channels.end()) return;
  client& other = *find_client(place->first);
  const auto its_slot = counterpart(other, from, place->second).slot;
  from.channels.erase(place);
  std::erase_if(other.channels,
                [&](const auto& each) { return each.first == from.id && each.second.slot == its_slot; });
}

// News of new channels hold descriptors. A client that does not read gets so many; then whoever connects to it waits, as for
// room in its mailbox.
void guardian::on_connect(client& from, const connect& wanted) {
  actor_record* const to = find(wanted.to);
  const bool waits = to != nullptr && (to->is_restarting || to->control.outgoing.size() >= most_unread);
  if (!waits) return make_connection(from, wanted);
  to->control.later.emplace_back([this, id = from.id, wanted] {
    if (client* const still = find_client(id)) on_connect(*still, wanted);
  });
}

void guardian::make_connection(client& from, const connect& wanted) try {
  actor_record* const to = find(wanted.to);
  if (to == nullptr || !to->has_started) {
    tell_end(from, wanted.to);
    return refuse(from, wanted.request, "connect", "the actor has ended");
  }
  to->watchers.insert(from.id);
  // Its peer has connected meanwhile, or there was one before a restart: by a second channel it would overtake itself.
  if (const auto old = from.channels.find(to->ref.id); old != from.channels.end()) {
    const channel_numbers numbers{to->ref.id, old->second.slot};
    return send(from, connected{wanted.request, to->name, to->pid, numbers});
  }
  auto channel = open_channel(from, *to);
  send(from, connected{wanted.request, to->name, to->pid, channel.numbers}, channel.descriptors());
} catch (const std::system_error& problem) {
  refuse(from, wanted.request, out_of_room, with_advice_on_room(problem));
}

void guardian::on_watch(client& from, const watch& wanted) {
  if (actor_record* const whom = find(wanted.whom)) {
    whom->watchers.insert(from.id);
    send(from, watching{whom->ref.id, whom->pid});
  } else {
    tell_end(from, wanted.whom);
  }
}

void guardian::tell_end(client& to, const detail::actor_ref& of) {
  if (const auto* ended = find_ended(of)) {
    tell_down(to, {ended->ref.id, ended->name, ended->pid, ended->status});
  } else {
    exit_status status;
    status.kind = exit_kind::forgotten;
    tell_down(to, {of.id, "number " + std::to_string(of.id), 0, status});
  }
}

// A process that has taken over hears of it behind what the ended one had sent, which it is still to be given.
void guardian::tell_down(client& to, const down& what) {
  const auto record = actors_.find(to.id);
  if (record == actors_.end() || !record->second->is_restarting) return send(to, what);
  to.later.emplace_back([this, id = to.id, what] {
    if (client* const still = find_client(id)) tell_down(*still, what);
  });
}

void guardian::refuse(client& to, request_number request, const std::string& stage, const std::string& why) {
  send(to, refused{request, stage, why});
}

actor_record* guardian::find(const detail::actor_ref& ref) {
  const auto place = actors_.find(ref.id);
  return place != actors_.end() && place->second->ref.key == ref.key ? place->second.get() : nullptr;
}

const ended_record* guardian::find_ended(const detail::actor_ref& ref) const {
  const auto place = std::find_if(ended_.begin(), ended_.end(),
                                  [&](const auto& e) { return e.ref.id == ref.id && e.ref.key == ref.key; });
  return place == ended_.end() ? nullptr : &*place;
}

client* guardian::find_client(std::uint32_t id) {
  if (id == 0) return &host_;
  const auto place = actors_.find(id);
  return place == actors_.end() ? nullptr : &place->second->control;
}

}  // namespace troupe::process_layer
