#include "node_endpoint.hpp"

#include <troupe/switched_off.hpp>

#include "node_reply.hpp"

#include <algorithm>
#include <atomic>
#include <random>
#include <stdexcept>
#include <utility>

namespace troupe::detail {
namespace {

constexpr std::size_t mailbox = std::size_t{1} << 20;
constexpr std::size_t most_marks = 4;
constexpr std::size_t per_message = 64;  // what one takes beside its bytes: small ones fill a mailbox too
constexpr std::size_t kept_buffer = std::size_t{1} << 20;

// Tells the calls of all processes of this system apart.
std::uint64_t next_label() {
  static std::atomic<std::uint64_t> last{[] {
    std::random_device source;
    return (std::uint64_t{source()} << 32U) | source();
  }()};
  const auto label = ++last;
  return label != 0 ? label : ++last;
}

frame_head head_for(frame_kind kind, const remote::address& to, std::uint64_t method = 0) {
  frame_head head;
  head.kind = kind;
  head.id = to.id;
  head.key = to.key;
  head.method = method;
  return head;
}

template <class Value>
Value value_of(remote::answer& what) {
  what.wait(no_deadline);
  auto in = what.result();
  return decode<Value>(in);
}

// A message's bytes are the calling thread's, so that small ones need no memory of their own.
class written {
 public:
  written(const remote::raw_message& values, std::uint32_t own_number) : bytes{std::exchange(kept(), {})} {
    if (remote::written_size(values) > longest_frame)
      throw std::length_error{"troupe: a message to another node has at most 1 GiB"};
    if (bytes.capacity() > kept_buffer) bytes = {};
    bytes.clear();
    const remote::outward scope{own_number};
    copies = remote::write_onto(bytes, values);
  }

  written(const written&) = delete;
  written& operator=(const written&) = delete;
  ~written() { kept() = std::move(bytes); }

  packed_bytes bytes;
  std::uint8_t copies = 0;

 private:
  static packed_bytes& kept() {
    thread_local packed_bytes one;
    return one;
  }
};

}  // namespace

node_endpoint::node_endpoint(std::shared_ptr<remote::endpoint> local, const remote::gateway_entry& by,
                             std::uint32_t number)
    : local_{std::move(local)},
      own_number_{by.node},
      number_{number},
      gateway_address_{by.actor},
      gateway_{local_, by.actor, by.name} {}

std::shared_ptr<remote::answer> node_endpoint::request(const frame_head& head, const packed_bytes& payload,
                                                       std::uint64_t label) {
  return request_for(shared_from_this(), head, payload, label);
}

std::shared_ptr<remote::answer> node_endpoint::request_for(std::shared_ptr<node_endpoint> whom,
                                                           const frame_head& head,
                                                           const packed_bytes& payload, std::uint64_t label) {
  const std::span<const std::byte> bytes{payload};
  const auto asked = gateway_.ask<&gateway::request>(number_, head, label, bytes);
  const auto what = head.kind == frame_kind::watch ? node_reply::of::end : node_reply::of::call;
  return std::make_shared<node_reply>(std::move(whom), gateway_.name(), future_access::pending(asked), label,
                                      what);
}

std::shared_ptr<node_endpoint::way> node_endpoint::way_to(const remote::address& whom) {
  {
    const std::lock_guard lock{mutex_};
    if (const auto place = ways_.find(whom.id); place != ways_.end()) return place->second;
  }
  auto made = std::make_shared<way>();
  made->end = request_for(nullptr, head_for(frame_kind::watch, whom), {}, 0);
  made->end->then([] {});  // so that it is taken in, whoever else waits for anything
  const std::lock_guard lock{mutex_};
  if (ways_.size() >= many_ways_) forget_ended_ways();
  return ways_.try_emplace(whom.id, std::move(made)).first->second;
}

// Whoever sends there again asks for that end again.
void node_endpoint::forget_ended_ways() {
  std::erase_if(ways_, [](const auto& entry) { return entry.second->end->settled(); });
  many_ways_ = std::max(many_ways_, 2 * ways_.size());
}

void node_endpoint::check_alive(way& on) const {
  if (!on.end->settled()) return;
  remote::address there{0, number_, 0};
  static_cast<void>(local_->home(there));  // throws where this system has been stopped: that comes first
  auto in = on.end->result();
  throw actor_down{"of another node", call_fate::gone, decode<exit_status>(in)};
}

// With the way's mutex held.
bool node_endpoint::make_room(way& on, const remote::address& to, remote::patience how) {
  if (on.unmarked < mailbox / most_marks || switched_off("node_marks")) return true;
  while (on.marks.size() >= most_marks) {
    const auto first = on.marks.front();
    if (how == remote::patience::refuse && !first->ready()) return false;
    first->wait(no_deadline);  // a callback of this thread's may send there meanwhile
    if (!on.marks.empty() && on.marks.front() == first) on.marks.pop_front();
    static_cast<void>(first->result());  // throws where the actor has ended
  }
  on.marks.push_back(request_for(nullptr, head_for(frame_kind::mark, to), {}, 0));
  on.unmarked = 0;
  return true;
}

bool node_endpoint::tell(const remote::address& to, remote::method what, const remote::raw_message& arguments,
                         remote::patience how) {
  const auto on = way_to(to);
  const std::lock_guard lock{on->mutex};
  check_alive(*on);
  const auto size = remote::written_size(arguments) + per_message;
  // A turn's messages wait for their room behind its end.
  const bool is_held = remote::join_turn(*local_, *this);
  const bool may_wait = how == remote::patience::wait;
  if (!(is_held && may_wait) && !make_room(*on, to, how)) return false;
  const written message{arguments, own_number_};
  const std::span<const std::byte> bytes{message.bytes};
  auto head = head_for(frame_kind::tell, to, static_cast<std::uint64_t>(what));
  head.copies = message.copies;
  if (is_held) {
    held_.push_back({on, head, message.bytes});
  } else if (may_wait || message.copies != 0) {  // what has been written has given its buffers away
    gateway_.tell<&gateway::forward>(number_, head, bytes);
  } else if (!gateway_.try_tell<&gateway::forward>(number_, head, bytes)) {
    return false;
  }
  on->unmarked += size;
  return true;
}

std::shared_ptr<remote::answer> node_endpoint::ask(const remote::address& to, remote::method what,
                                                   const remote::raw_message& arguments) {
  const auto on = way_to(to);
  const std::lock_guard lock{on->mutex};
  check_alive(*on);
  static_cast<void>(make_room(*on, to, remote::patience::wait));
  on->unmarked += remote::written_size(arguments) + per_message;
  const written message{arguments, own_number_};
  auto head = head_for(frame_kind::ask, to, static_cast<std::uint64_t>(what));
  head.copies = message.copies;
  send_held(to);
  return request(head, message.bytes, next_label());
}

// --- In turns -------------------------------------------------------------------------------------------------------------

bool node_endpoint::holds_for(const remote::address& whom) const {
  return std::any_of(held_.begin(), held_.end(),
                     [&](const auto& each) { return !each.is_sent && each.head.id == whom.id; });
}

// As with actors of the own node, a question shows what its actor was told before it.
void node_endpoint::send_held(const remote::address& to) {
  std::erase_if(held_, [&](const held_message& each) {
    if (each.is_sent || each.head.id != to.id) return false;
    gateway_.tell<&gateway::forward>(number_, each.head, std::span<const std::byte>{each.bytes});
    return true;
  });
}

void node_endpoint::send() try {
  for (auto& each : held_) {
    if (std::exchange(each.is_sent, true)) continue;
    gateway_.tell<&gateway::forward>(number_, each.head, std::span<const std::byte>{each.bytes});
    each.bytes = {};
  }
} catch (const error&) {
  // Without the gateway other nodes are down: this is lost as what had been sent before it.
}

void node_endpoint::sent() {
  for (const auto& each : std::exchange(held_, {})) {
    const std::lock_guard lock{each.on->mutex};
    try {
      static_cast<void>(make_room(*each.on, each.head.target(), remote::patience::wait));
    } catch (const error&) {
      // It has ended: the next message there says so.
    }
  }
}

void node_endpoint::forward_at_once(const frame_head& head) {
  using parameters = callable_traits<decltype(&gateway::forward)>::parameters;
  const auto& entry = method_entry<gateway, &gateway::forward>::registered;
  with_body<parameters>(
      [&](const body& values) { remote::tell_at_once(*local_, gateway_address_, entry.id(), values); },
      number_, head, std::span<const std::byte>{});
}

// --- Everything else ------------------------------------------------------------------------------------------------------

remote::endpoint::spawned node_endpoint::spawn(remote::method what, const std::string& default_name,
                                               const spawn_options& options,
                                               const remote::raw_message& arguments) {
  spawn_order order;
  order.entry = static_cast<std::uint64_t>(what);
  order.default_name = default_name;
  order.name = options.name;
  order.mailbox_messages = options.mailbox_messages;
  order.mailbox_bytes = options.mailbox_bytes;
  order.lane = options.lane;
  order.in_flight = options.in_flight;
  order.start = options.start;
  order.limits = options.limits;
  order.restart = options.restart;
  order.max_attempts = options.max_attempts;
  order.on_hang = options.on_hang;
  order.grace = options.grace;
  const written message{arguments, own_number_};
  order.arguments = message.bytes;
  order.copies = message.copies;
  const bool comes_back = options.restart.when != restart::never;
  const auto asked = request(head_for(frame_kind::spawn, {}, comes_back ? 1 : 0), pack(order));
  auto made = value_of<spawn_result>(*asked);
  return {{made.id, made.node, made.key}, std::move(made.name)};
}

void node_endpoint::stop(const remote::address& whom) {
  const auto on = way_to(whom);
  const std::lock_guard lock{on->mutex};
  const auto head = head_for(frame_kind::stop, whom);
  if (!holds_for(whom)) return forward_at_once(head);
  held_.push_back({on, head, {}});
}

void node_endpoint::signal(const remote::address& whom, int number) {
  forward_at_once(head_for(frame_kind::signal, whom, static_cast<std::uint64_t>(number)));
}

std::optional<exit_status> node_endpoint::join(const remote::address& whom, remote::deadline until) {
  const auto on = way_to(whom);
  if (!on->end->wait(until)) return std::nullopt;
  return value_of<exit_status>(*on->end);
}

std::shared_ptr<remote::answer> node_endpoint::ended(const remote::address& whom) {
  return request(head_for(frame_kind::watch, whom), {});
}

void node_endpoint::on_down(const remote::address& whom, std::function<void(const exit_status&)> callback) {
  const auto end = request(head_for(frame_kind::watch, whom, remote::own_id()), {});
  end->then([end, local = local_, callback = std::move(callback)] {
    std::optional<exit_status> status;
    try {
      status = value_of<exit_status>(*end);
    } catch (const system_stopped&) {
      return;  // as with actors of this node
    }
    remote::run_behind_messages(*local, [callback, status] { callback(*status); });
  });
}

int node_endpoint::pid(const remote::address& whom) {
  return value_of<int>(*request(head_for(frame_kind::pid, whom), {}));
}

int node_endpoint::death_descriptor(const remote::address&) {
  throw std::logic_error{"troupe: a sentinel is for processes of this machine: use `ended` or `on_down`"};
}

remote::endpoint::listed_actors node_endpoint::actors() {
  throw std::logic_error{"troupe: the actors of another node are listed there"};
}

void node_endpoint::preload(const std::string&) {
  throw std::logic_error{"troupe: what another node loads is said there"};
}

// What comes from there names its own actors without a number.
std::shared_ptr<remote::endpoint> node_endpoint::home(remote::address& ref) {
  if (ref.node == 0) ref.node = number_;
  if (ref.node == number_) return shared_from_this();
  return local_->home(ref);
}

std::shared_ptr<remote::answer> node_endpoint::ask_whether_begun(std::uint64_t label) {
  return request_for(nullptr, head_for(frame_kind::begun, {}, label), {}, 0);
}

void node_endpoint::give_up(std::uint64_t label, bool by_force) try {
  gateway_.tell<&gateway::give_up>(label, by_force);
} catch (const error&) {
  // Without the gateway there is nobody who would give the answer.
}

}  // namespace troupe::detail
