// Which other nodes there are, how they are reached, and when they are given up.
#include <troupe/switched_off.hpp>

#include "node_gateway.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <utility>

namespace troupe::detail {
namespace {

using state = node_status::state;

std::int64_t monotonic() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
std::int64_t wall_clock() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

constexpr const char* has_left = "it has left";
constexpr const char* nobody_answers =
    "nobody answers there as a node does (where one end has certificates, both need them)";
constexpr std::size_t longest_text = 4096;  // of what another node says for people to read
constexpr std::size_t longest_name = 64;    // of another node that is not let in
constexpr std::size_t most_members = 1024;  // each has a connection with each
constexpr std::uint32_t most_processors = 8192;

template <class Value>
Value read_all(std::span<const std::byte> bytes) {
  byte_reader in{bytes, nullptr};
  auto value = decode<Value>(in);
  if (in.left() != 0) throw_message_too_long(in.left());
  return value;
}

// One that is no member, for people; nothing is known of it but what it says.
std::string introduced(const greeting& who) {
  if (who.address.empty()) return "a node";
  return "a node (" + who.name.substr(0, longest_name) + ", " + who.address.substr(0, longest_name) + ")";
}

}  // namespace

double system_load() {
  double load = 0;
  std::ifstream{"/proc/loadavg"} >> load;
  return load;
}

std::string gateway::describe(const session& which) {
  const auto& who = which.who;
  return who.name == who.address ? who.address : who.name + " (" + who.address + ")";
}

gateway::session_ptr gateway::find(std::uint32_t number) const {
  const auto place = sessions_.find(number);
  return place == sessions_.end() ? nullptr : place->second;
}
gateway::session_ptr gateway::find_link(std::uint64_t link) const {
  const auto place = by_link_.find(link);
  return place == by_link_.end() ? nullptr : place->second;
}
gateway::session_ptr gateway::find_attempt(std::uint64_t attempt) const {
  const auto place = std::find_if(sessions_.begin(), sessions_.end(),
                                  [&](const auto& each) { return each.second->attempt == attempt; });
  return place == sessions_.end() ? nullptr : place->second;
}

host_and_port gateway::address_of(const std::string& text) const {
  auto address = read_address(text);
  if (settings_.certificates.empty()) check_needs_no_certificates(address);
  return address;
}

// Others will be dialled, and get work by their processors.
void gateway::check(const greeting& of) const {
  if (of.processors > most_processors)
    throw malformed_message{"it says it has more processors than there are"};
  if (of.members.size() > most_members) throw malformed_message{"it names more nodes than there can be"};
  for (const auto& each : of.members) {
    try {
      static_cast<void>(address_of(each));
    } catch (const std::invalid_argument& problem) {
      throw malformed_message{std::string{"of a node that it names it says: "} + problem.what()};
    }
  }
}

// --- Connections ----------------------------------------------------------------------------------------------------------

void gateway::listen() {
  const auto wanted = address_of(settings_.listen);
  if (wanted.host == "0.0.0.0")
    throw std::invalid_argument{"'" + settings_.listen +
                                "' is no address that others can reach: name one of this machine's"};
  std::uint16_t port = 0;
  try {
    port = links_->listen(wanted.host, wanted.port);
  } catch (const std::exception& problem) {
    throw std::runtime_error{
        "nobody can be listened to at " + settings_.listen +
        ": is another program there, or is that no address of this machine's? Choose another; "
        "port 0 is one that is free (" +
        problem.what() + ")"};
  }
  self_.address = wanted.host + ":" + std::to_string(port);
  self_.name = settings_.name.empty() ? self_.address : settings_.name;
}

std::uint64_t gateway::dial_to(const std::string& address, reason why) {
  const auto to = address_of(address);
  const auto attempt = ++last_attempt_;
  dials_[attempt] = {address, why, clock::now()};
  links_->connect(attempt, to.host, to.port);
  return attempt;
}

void gateway::dial_again(const session_ptr& to) {
  if (to->is != state::broken || to->attempt != 0 || to->dialled.empty()) return;
  to->attempt = dial_to(to->dialled, reason::met);
}

void gateway::on_connected(std::uint64_t attempt, std::uint64_t link) {
  if (!dials_.contains(attempt)) return;  // too late
  greeted_[link] = attempt;
  const auto known = find_attempt(attempt);
  send_greeting(link, message_kind::hello, known ? known->in.last() : 0);
}

void gateway::on_failed(std::uint64_t attempt, const std::string& why) {
  const auto place = dials_.find(attempt);
  if (place == dials_.end()) return;
  const auto dialled = std::move(place->second);
  dials_.erase(place);
  if (const auto whose = find_attempt(attempt)) {
    whose->attempt = 0;
    this_actor::after(settings_.heartbeat / 4, [this, whose] { dial_again(whose); });
  } else if (dialled.why == reason::join) {
    settle_join(dialled.address + " cannot be joined: " + why);
  } else {
    std::fprintf(stderr, "gateway: node %s cannot be reached: %s\n", dialled.address.c_str(), why.c_str());
    if (dialled.why == reason::met) return;
    --joins_left_;
    settle_join("");
  }
}

void gateway::on_ended(std::uint64_t link) {
  if (const auto greeted = greeted_.find(link); greeted != greeted_.end()) {
    const auto attempt = greeted->second;
    greeted_.erase(greeted);
    on_failed(attempt, "the connection ended");
  }
  const auto whose = find_link(link);
  by_link_.erase(link);
  if (!whose || whose->link != link) return;
  whose->link = 0;
  if (whose->is != state::up) return;
  whose->is = state::broken;
  dial_again(whose);
}

// --- Messages -------------------------------------------------------------------------------------------------------------

// It has been told, and its connection ended. What it had sent is not handled: it would keep the others waiting.
void gateway::on_flooded(std::uint64_t link) {
  if (const auto from = find_link(link)) return give_up_node(from, it_floods, false);
  complain(std::string{"somebody who had not introduced himself was sent away: "} + it_floods);
  links_->drop(link);
}

// Nothing in them is believed before it was looked at; who breaks the protocol is not listened to any more.
void gateway::on_message(std::uint64_t link, std::string&& message) try {
  const auto bytes = std::as_bytes(std::span{message});
  if (bytes.empty()) throw malformed_message{"a message without a kind"};
  const auto kind = message_kind{static_cast<std::uint8_t>(bytes.front())};
  const auto rest = bytes.subspan(1);
  if (kind == message_kind::hello || kind == message_kind::welcome) return on_greeting(link, kind, rest);
  if (kind == message_kind::refuse)
    return on_refused(link, read_all<std::string>(rest).substr(0, longest_text));
  const auto from = find_link(link);
  // It may be one that this node connects to, and that does not know yet: what comes before its welcome comes again.
  if (!from && !dials_.empty()) return;
  if (!from)
    return refuse(link, "this node does not listen to it: it has not introduced itself, or was given up");
  from->heard = clock::now();
  switch (kind) {
    case message_kind::leave: {
      links_->send(link, message_of(message_kind::leave, std::string{}));  // it waits to hear that
      return give_up_node(from, has_left, false);
    }
    case message_kind::pulse: return on_pulse(*from, read_all<pulse>(rest));
    case message_kind::batch: return on_batch(from, rest);
    default: throw malformed_message{"a message of a kind that is not known here"};
  }
} catch (const malformed_message& problem) {
  const std::string why = std::string{"it broke the protocol: "} + problem.what();
  if (const auto from = find_link(link)) return give_up_node(from, why);
  complain("somebody who has not introduced himself was sent away: " + why);
  refuse(link, why);
}

void gateway::send_greeting(std::uint64_t link, message_kind kind, std::uint64_t received) {
  self_.clock = wall_clock();
  self_.received = received;
  self_.members.clear();
  for (const auto& [number, each] : sessions_) {
    if (each->is == state::up) self_.members.push_back(each->who.address);
  }
  auto message = message_of(kind, greeting_start{});
  const auto rest = pack(self_);
  links_->send(link, message.append(reinterpret_cast<const char*>(rest.data()), rest.size()));
}

void gateway::on_greeting(std::uint64_t link, message_kind kind, std::span<const std::byte> from) {
  byte_reader in{from, nullptr};
  const auto start = decode<greeting_start>(in);
  std::string problem;
  greeting who;
  if (start.mark != greeting_mark) {
    problem = "this is a node of Troupe, and what came is no greeting of one";
  } else if (start.version != node_protocol) {
    problem = "the versions differ: this node speaks version " + std::to_string(node_protocol) +
              ", the other " + std::to_string(start.version) + ": build both with the same Troupe";
  } else {
    who = decode<greeting>(in);
    check(who);
    if (const auto before = find_link(link); before && before->who.number != who.number)
      throw malformed_message{"it introduces itself as another node than before"};
    problem = objection(who);
  }
  if (!problem.empty()) {
    refuse(link, problem);
    return on_refused(link, problem, introduced(who));
  }
  auto& known = sessions_[who.number];
  if (!known) known = std::make_shared<session>(settings_.window);
  const auto which = known;
  attach(which, link, who, kind);
  if (kind == message_kind::welcome) welcomed(which);
}

std::string gateway::objection(const greeting& to) {
  if (to.build != self_.build)
    return "the programs differ: this node runs build " + self_.build + ", the other build " +
           to.build.substr(0, longest_name) + ": start both from the same file";
  if (to.number == self_.number)
    return to.incarnation == self_.incarnation
               ? "this is the same node"
               : "two nodes have drawn the same number: start one of them anew";
  const auto known = find(to.number);
  if (known && known->who.incarnation != to.incarnation)
    return "another node has the number of this one: start it anew";
  if (known && known->is == state::down)
    return "it was given up here (" + known->why + "), and its actors' ends have been told: start it anew";
  if (const auto same = address_of_namesake(to); !same.empty())
    return "a node named " + to.name.substr(0, longest_name) + " is there already, at " + same +
           ": give one of them another (cluster_node_options::name; for the command 'node', --name)";
  if (!known && !make_place())
    return "there are " + std::to_string(most_members) + " nodes already, as many as there can be";
  return {};
}

// Where another node that is up has the name of this one: people could not tell them apart. One whose connection has ended may
// be that one's predecessor.
std::string gateway::address_of_namesake(const greeting& of) const {
  if (of.name == self_.name) return self_.address;
  for (const auto& [number, each] : sessions_) {
    if (number != of.number && each->is == node_status::state::up && each->who.name == of.name)
      return each->who.address;
  }
  return {};
}

// For one more node: that which has been down for longest is forgotten.
bool gateway::make_place() {
  if (sessions_.size() < most_members) return true;
  auto oldest = sessions_.end();
  for (auto each = sessions_.begin(); each != sessions_.end(); ++each) {
    if (each->second->is != state::down) continue;
    if (oldest == sessions_.end() || each->second->heard < oldest->second->heard) oldest = each;
  }
  if (oldest == sessions_.end()) return false;
  sessions_.erase(oldest);
  return true;
}

void gateway::refuse(std::uint64_t link, const std::string& why) {
  links_->drop(link, message_of(message_kind::refuse, why));
}

void gateway::on_refused(std::uint64_t link, const std::string& why, const std::string& who) {
  if (const auto whose = find_link(link)) return give_up_node(whose, "it refused this node: " + why, false);
  links_->drop(link);
  const auto greeted = greeted_.find(link);
  if (greeted == greeted_.end()) return complain(who + " that wanted to join was refused: " + why);
  const auto attempt = greeted->second;
  greeted_.erase(greeted);
  if (const auto whose = find_attempt(attempt))
    return give_up_node(whose, "it refused this node: " + why, false);
  on_failed(attempt, why);
}

void gateway::attach(const session_ptr& to, std::uint64_t link, const greeting& who, message_kind kind) {
  if (to->link != link && to->link != 0) {
    by_link_.erase(to->link);
    links_->drop(to->link);
  }
  to->who = who;
  to->link = link;
  to->is = state::up;
  to->heard = clock::now();
  to->clock_offset = std::chrono::nanoseconds{who.clock - wall_clock()};
  by_link_[link] = to;
  if (!to->out.acknowledge(who.received)) throw malformed_message{"it acknowledges what was never sent"};
  if (kind == message_kind::hello) send_greeting(link, message_kind::welcome, to->in.last());
  // Whether or not this end has heard of the end of the connection before: what was sent over that may be lost.
  to->out.again(
      [&](std::uint64_t sequence, const std::string& frames) { send_batch(*to, sequence, frames); });
  send_pulse(*to);
  flush(*to);
}

// By the one at the other end of a connection that this end has made.
void gateway::welcomed(const session_ptr& by) {
  by->attempt = 0;
  const auto greeted = greeted_.find(by->link);
  if (greeted == greeted_.end()) return;
  const auto dialled = dials_.extract(greeted->second);
  greeted_.erase(greeted);
  // Never taken back: where both ends dial, there is one connection all the same.
  if (!dialled.empty()) by->dialled = dialled.mapped().address;
  const bool is_waited_for = !dialled.empty() && dialled.mapped().why != reason::met;
  for (const auto& address : by->who.members) {
    if (!is_to_be_met(address)) continue;
    if (is_waited_for) ++joins_left_;
    dial_to(address, is_waited_for ? reason::learnt : reason::met);
  }
  if (!is_waited_for) return;
  --joins_left_;
  settle_join("");
}

bool gateway::is_to_be_met(const std::string& address) const {
  // A loopback address is another's own: only those who have one too are on its machine.
  if (is_loopback(read_address(address)) && !is_loopback(read_address(self_.address))) return false;
  const auto is_known = [&](const auto& each) {
    return each.second->is != state::down && each.second->who.address == address;
  };
  const auto is_dialled = [&](const auto& each) { return each.second.address == address; };
  return address != self_.address && std::none_of(sessions_.begin(), sessions_.end(), is_known) &&
         std::none_of(dials_.begin(), dials_.end(), is_dialled);
}

void gateway::settle_join(const std::string& problem) {
  if (!starting_ || (problem.empty() && joins_left_ != 0)) return;
  const auto answer = std::move(*starting_);
  starting_.reset();
  answer.set_value(
      gateway_start{problem.empty() ? "" : "join", problem, {self_.number, self_.name, self_.address}});
}

// --- Signs of life --------------------------------------------------------------------------------------------------------

void gateway::send_pulse(session& to) {
  if (to.link == 0) return;
  pulse said;
  said.received = to.in.last();
  said.stamp = monotonic();
  said.echo = to.last_stamp;
  said.held = std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now() - to.stamp_came).count();
  said.clock = wall_clock();
  said.actors = own_actors_;
  said.load = load_;
  to.in.said();
  links_->send(to.link, message_of(message_kind::pulse, said));
}

void gateway::on_pulse(session& from, const pulse& came) {
  if (!from.out.acknowledge(came.received)) throw malformed_message{"it acknowledges what was never sent"};
  from.last_stamp = came.stamp;
  from.stamp_came = clock::now();
  if (came.echo != 0) {
    const auto passed = monotonic() - came.echo - came.held;
    if (passed > 0 && came.held >= 0) from.round_trip = std::chrono::nanoseconds{passed};
  }
  from.clock_offset = std::chrono::nanoseconds{came.clock - wall_clock()} + from.round_trip / 2;
  from.last_pulse = came;
  from.ordered = 0;
  flush(from);
}

// Twice a heartbeat, so that silence is seen in time. A gateway that has been stopped itself gives the others another chance:
// what they said meanwhile is still to be read.
void gateway::beat() {
  end_complaints();
  const auto now = clock::now();
  const bool was_stopped = now - std::exchange(last_beat_, now) > 2 * settings_.heartbeat;
  own_actors_ = static_cast<std::uint32_t>(local_->actors().actors.size());
  load_ = system_load();
  beat_is_odd_ = !beat_is_odd_;
  const auto sessions = sessions_;
  for (const auto& [number, each] : sessions) {
    if (each->is == state::down) continue;
    if (was_stopped) each->heard = now;
    each->strangers.clear();
    if (now - each->heard > settings_.missed * settings_.heartbeat && !switched_off("node_silence")) {
      give_up_node(each, "nothing was heard of it for " + std::to_string(settings_.missed) + " heartbeats");
    } else if (beat_is_odd_) {
      send_pulse(*each);
    }
  }
  std::vector<std::uint64_t> late;
  for (const auto& [attempt, each] : dials_) {
    if (now - each.since > settings_.join_timeout) late.push_back(attempt);
  }
  for (const auto attempt : late) on_failed(attempt, nobody_answers);
  for (const auto lane : std::exchange(starved_, {})) deliver_parked(lane);
  links_->end_useless(settings_.join_timeout);
}

void gateway::give_up_node(const session_ptr& which, const std::string& why, bool says_so) {
  if (which->is == state::down) return;
  which->is = state::down;
  which->why = why;
  if (why != has_left)
    std::fprintf(stderr, "gateway: node %s is down: %s\n", describe(*which).c_str(), why.c_str());
  if (const auto link = std::exchange(which->link, 0); link != 0) {
    if (says_so) refuse(link, "it was given up here: " + why);
    by_link_.erase(link);
    links_->drop(link);
  }
  which->out.clear();
  dials_.erase(std::exchange(which->attempt, 0));
  const auto end = end_because_down(*which);
  move_all_from(*which);
  for (auto& [number, each] : std::exchange(which->calls, {})) {
    if (lanes_.contains(each.behind) && find_migrant(each.whom) == nullptr) {
      park_end(which, number, std::move(each), end);
      continue;
    }
    labels_.erase(each.label);
    if (hand_over(each)) continue;
    if (each.then) each.then(end);
    each.answer.set_value(end);
  }
  for (const auto& [number, each] : std::exchange(which->served, {})) each->cancel();
  which->watched.clear();
  for (const auto& each : std::exchange(which->owned, {})) local_->stop(each);
}

}  // namespace troupe::detail
