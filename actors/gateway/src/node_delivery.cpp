// What other nodes want of this system's actors.
#include <troupe/switched_off.hpp>

#include "node_gateway.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace troupe::detail {
namespace {

constexpr std::size_t most_kept = std::size_t{4} << 30;
constexpr std::size_t most_served = std::size_t{1} << 18, most_watched = std::size_t{1} << 20;
constexpr std::size_t per_parked = 128;  // bytes that a message takes beside its own
constexpr std::size_t most_strangers =
    4096;  // between two beats; as many ends are known, so honest nodes name few others

spawn_options options_of(const spawn_order& order) {
  spawn_options options;
  options.name = order.name;
  options.mailbox_messages = order.mailbox_messages;
  options.mailbox_bytes = order.mailbox_bytes;
  options.lane = order.lane;
  options.in_flight = order.in_flight;
  options.start = order.start;
  options.limits = order.limits;
  options.restart = order.restart;
  options.max_attempts = order.max_attempts;
  options.on_hang = order.on_hang;
  options.grace = order.grace;
  return options;
}

bool has_target(frame_kind kind) {
  return kind == frame_kind::tell || kind == frame_kind::ask || kind == frame_kind::mark ||
         kind == frame_kind::stop || kind == frame_kind::signal || kind == frame_kind::watch ||
         kind == frame_kind::pid;
}

bool is_answered(frame_kind kind) {
  return kind == frame_kind::ask || kind == frame_kind::mark || kind == frame_kind::watch ||
         kind == frame_kind::pid || kind == frame_kind::spawn || kind == frame_kind::begun;
}

}  // namespace

void gateway::on_batch(const session_ptr& from, std::span<const std::byte> message) {
  byte_reader in{message, nullptr};
  const auto head = decode<batch_head>(in);
  if (!from->out.acknowledge(head.received)) throw malformed_message{"it acknowledges what was never sent"};
  // Its processes stop long before, each for its own; who does not is no node of ours.
  if (from->parked + from->out.kept() > most_kept)
    throw malformed_message{"it sends, or asks for, more than there is room for, and does not wait"};
  switch (from->in.judge(head.sequence)) {
    case incoming::verdict::gap: throw malformed_message{"a batch is missing before this one"};
    case incoming::verdict::repeated: from->in.said(); return send_pulse(*from);
    case incoming::verdict::take: break;
  }
  read_frames(in.take(in.left()), [&](const frame_head& frame, std::span<const std::byte> payload) {
    take_frame(from, frame, payload);
    if (from->strangers.size() > most_strangers)
      throw malformed_message{"it names thousands of actors whose handles it has not been given"};
  });
  flush(*from);
  if (from->in.should_say()) send_pulse(*from);
}

void gateway::take_frame(const session_ptr& from, const frame_head& head,
                         std::span<const std::byte> payload) {
  auto& parts = from->parts;
  if (head.kind != frame_kind::part && parts.empty()) return on_frame(from, head, payload);
  if (payload.size() > longest_frame - std::min(parts.size(), longest_frame))
    throw malformed_message{"a message of more than 1 GiB"};
  parts.insert(parts.end(), payload.begin(), payload.end());
  if (head.kind != frame_kind::part) on_frame(from, head, std::exchange(parts, {}));
}

// Whoever sends to an actor must have been given its handle. The guardian says so once for each, and this waits for its word.
void gateway::check_target(session& from, const frame_head& head) {
  const auto target = head.target();
  const auto known = keys_.find(target.id);
  if (known != keys_.end() && known->second == target.key) return;
  const std::pair stranger{target.id, target.key};
  if ((from.strangers.contains(stranger) || !remote::is_handle(target)) && !switched_off("node_keys")) {
    from.strangers.insert(stranger);
    exit_status status;
    status.kind = exit_kind::forgotten;
    throw actor_down{"number " + std::to_string(target.id), call_fate::gone, std::move(status)};
  }
  keys_[target.id] = target.key;
}

// What is wrong with one frame is its sender's to hear: the others go on.
void gateway::on_frame(const session_ptr& from, const frame_head& head,
                       std::span<const std::byte> payload) try {
  if (has_target(head.kind)) check_target(*from, head);
  switch (head.kind) {
    case frame_kind::tell:
    case frame_kind::ask:
    case frame_kind::mark:
    case frame_kind::stop: return deliver(from, head, payload);
    case frame_kind::signal: return local_->signal(head.target(), static_cast<int>(head.method));
    case frame_kind::watch: return watch(from, head);
    case frame_kind::pid: return reply(*from, head.call, {{}, pack(local_->pid(head.target()))});
    case frame_kind::spawn: {
      const auto made = start_actor(payload);
      const remote::address its{made.id, 0, made.key};
      from->owned.push_back(its);
      local_->on_down(its, [from, id = made.id](const exit_status&) {
        std::erase_if(from->owned, [id](const auto& each) { return each.id == id; });
      });
      return reply(*from, head.call, {{}, pack(made)});
    }
    case frame_kind::begun: {
      const auto about = from->served.find(head.method);
      return reply(*from, head.call, {{}, pack(about != from->served.end() && about->second->has_begun())});
    }
    case frame_kind::cancel: return drop_served(*from, head.call, false);
    case frame_kind::abort: return drop_served(*from, head.call, true);
    case frame_kind::reply: return on_reply(from, head, payload);
    case frame_kind::part: break;
  }
  throw malformed_message{"a frame of a kind that is not known here"};
} catch (const system_stopped&) {
  throw;
} catch (const std::exception& problem) {
  if (is_answered(head.kind)) return reply(*from, head.call, describe_end(std::current_exception()));
  // To one that has ended, many may still be on their way: whoever sends them hears of its end.
  if (std::exchange(last_refused_, head.id) == head.id) return;
  complain("a message of node " + describe(*from) + " was refused: " + problem.what());
}

// An end that a callback waits for is heard behind what has come from whom it is of. Who joins need not handle that before.
void gateway::on_reply(const session_ptr& from, const frame_head& head, std::span<const std::byte> payload) {
  if (head.method > static_cast<std::uint64_t>(outcome::foreign))
    throw malformed_message{"an answer says nothing that is known here"};
  const auto due = from->calls.find(head.call);
  if (due != from->calls.end() && lanes_.contains(due->second.behind) && !switched_off("node_ends_behind"))
    return park(due->second.behind, from, head, payload);
  take_reply(*from, head, payload);
}

// As a reply that has come: it is told behind what is parked for who watches.
void gateway::park_end(const session_ptr& of, std::uint64_t number, due_call due, const answer_form& end) {
  frame_head head;
  head.kind = frame_kind::reply;
  head.call = number;
  head.method = static_cast<std::uint64_t>(end.head.how);
  park(due.behind, of, head, end.bytes);
  of->calls.emplace(number, std::move(due));
}

void gateway::take_reply(session& from, const frame_head& head, std::span<const std::byte> payload) {
  settle(
      from, head.call,
      {{static_cast<outcome>(head.method), head.copies, head.incarnation}, {payload.begin(), payload.end()}});
}

// --- Into mailboxes -------------------------------------------------------------------------------------------------------
//
// In the order in which they came, for each actor here; a full mailbox makes only what is for that actor wait.

void gateway::deliver(const session_ptr& from, const frame_head& head, std::span<const std::byte> payload) {
  if (lanes_.contains(head.id)) return park(head.id, from, head, payload);
  try {
    if (try_to_deliver(from, head, payload)) return;
    go_on_when_room(head.id, head, payload);
  } catch (const std::system_error&) {
    starved_.insert(head.id);
  }
  park(head.id, from, head, payload);
}

void gateway::park(std::uint32_t lane, const session_ptr& from, const frame_head& head,
                   std::span<const std::byte> payload) {
  from->parked += payload.size() + per_parked;
  lanes_[lane].push_back({from, head, {payload.begin(), payload.end()}});
}

// Buffers need no room beside the values.
void gateway::go_on_when_room(std::uint32_t lane, const frame_head& head,
                              std::span<const std::byte> payload) {
  const auto values = remote::values_behind(payload, head.copies).size();
  remote::when_room(head.target(), values, head.copies, [this, lane] { deliver_parked(lane); });
}

bool gateway::try_to_deliver(const session_ptr& from, const frame_head& head,
                             std::span<const std::byte> payload) {
  const auto target = head.target();
  const auto what = remote::method{head.method};
  const bool has_values = head.kind == frame_kind::tell || head.kind == frame_kind::ask;
  // Anew each time: what waits here takes no descriptors.
  auto values = payload;
  auto attached = remote::take_copies(values, has_values ? head.copies : 0);
  remote::unmap(attached);
  switch (head.kind) {
    case frame_kind::tell:
      return local_->tell(target, what, remote::as_message(values, std::move(attached)),
                          remote::patience::refuse);
    case frame_kind::ask: {
      if (from->served.size() >= most_served) refuse_more(*from, most_served, "answers");
      auto pending = remote::try_ask(target, what, remote::as_message(values, std::move(attached)));
      if (!pending) return false;
      serve(from, head.call, std::move(pending));
      return true;
    }
    case frame_kind::stop: local_->stop(target); return true;
    case frame_kind::reply: take_reply(*from, head, payload); return true;
    default: reply(*from, head.call, {}); return true;
  }
}

void gateway::deliver_parked(std::uint32_t lane) {
  const auto place = lanes_.find(lane);
  if (place == lanes_.end()) return;
  auto& waiting = place->second;
  while (!waiting.empty()) {
    const auto& next = waiting.front();
    try {
      if (!try_to_deliver(next.from, next.head, next.payload))
        return go_on_when_room(lane, next.head, next.payload);
    } catch (const system_stopped&) {
      throw;
    } catch (const std::system_error&) {  // memory or descriptors, for a moment
      starved_.insert(lane);
      return;
    } catch (const std::exception&) {
      if (is_answered(next.head.kind))
        reply(*next.from, next.head.call, describe_end(std::current_exception()));
    }
    next.from->parked -= next.payload.size() + per_parked;
    waiting.pop_front();
  }
  lanes_.erase(place);
}

// --- Answers --------------------------------------------------------------------------------------------------------------

void gateway::serve(const session_ptr& from, std::uint64_t number, std::shared_ptr<remote::answer> pending) {
  from->served[number] = pending;
  pending->then([this, from, number, pending] {
    if (from->served.erase(number) == 0) return;  // given up
    try {
      auto in = pending->result();
      if (remote::written_size(in) > longest_frame)
        throw std::length_error{"troupe: an answer to another node has at most 1 GiB"};
      answer_head head{.incarnation = static_cast<std::uint16_t>(pending->incarnation())};
      const auto* const attached = in.attached();
      if (attached == nullptr || attached->empty()) return reply(*from, number, head, in.take(in.left()));
      packed_bytes bytes;
      head.copies = remote::write_onto(bytes, in);
      reply(*from, number, head, bytes);
    } catch (...) {
      auto end = describe_end(std::current_exception());
      end.head.incarnation = static_cast<std::uint16_t>(pending->incarnation());
      reply(*from, number, end);
    }
  });
}

// What a node has too many of it is told, and nobody else suffers.
void gateway::refuse_more(const session& from, std::size_t most, const char* of_what) const {
  throw std::length_error{"troupe: node " + describe(from) + " waits for " + std::to_string(most) + " " +
                          of_what + " of node " + self_.address +
                          " already: let some come before you ask for more"};
}

// By `on_down`, which comes behind what has come from there: `ended` may be ready before.
void gateway::watch(const session_ptr& from, const frame_head& head) {
  if (from->watched.size() >= most_watched) refuse_more(*from, most_watched, "ends");
  from->watched.insert(head.call);
  local_->on_down(head.target(), [this, from, number = head.call](const exit_status& status) {
    if (from->watched.erase(number) != 0) reply(*from, number, {{}, pack(status)});
  });
}

void gateway::reply(session& to, std::uint64_t number, const answer_form& with) {
  reply(to, number, with.head, with.bytes);
}

void gateway::reply(session& to, std::uint64_t number, const answer_head& how,
                    std::span<const std::byte> bytes) {
  if (to.is == node_status::state::down) return;
  frame_head head;
  head.kind = frame_kind::reply;
  head.method = static_cast<std::uint64_t>(how.how);
  head.call = number;
  head.copies = how.copies;
  head.incarnation = how.incarnation;
  send(to, head, bytes);
}

void gateway::drop_served(session& of, std::uint64_t number, bool by_force) {
  of.watched.erase(number);
  const auto place = of.served.find(number);
  if (place == of.served.end()) return;
  const auto pending = place->second;
  if (by_force) return pending->abort();
  of.served.erase(place);
  pending->cancel();
}

spawn_result gateway::start_actor(std::span<const std::byte> bytes) {
  byte_reader in{bytes, nullptr};
  const auto order = decode<spawn_order>(in);
  std::span<const std::byte> arguments{order.arguments};
  auto attached = remote::take_copies(arguments, order.copies);
  remote::unmap(attached);
  const auto made = local_->spawn(remote::method{order.entry}, order.default_name, options_of(order),
                                  remote::as_message(arguments, std::move(attached)));
  ++own_actors_;
  return {made.ref.id, self_.number, made.ref.key, made.name};
}

}  // namespace troupe::detail
