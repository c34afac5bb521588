// Actors that were started anywhere, with a restart policy: when their node is down they are started again on another, and
// the handles that this system's processes have go on. What is known of such an actor is known here alone.
//
//   its node is down   asks that are due end as `actor_down`, for they may have been begun; what was told is lost
//   on its way         what is told and asked waits here
//   started again      that is sent there, and whoever waits for its end waits for this one's
#include <troupe/switched_off.hpp>

#include "node_gateway.hpp"

#include <algorithm>
#include <utility>

namespace troupe::detail {
namespace {

constexpr std::size_t most_remembered = 1000;

/// None where the other node's answer is none that it can give.
std::optional<spawn_result> read_start(const answer_form& from, std::uint32_t node) try {
  if (from.head.how != outcome::value) return std::nullopt;
  auto made = unpack<spawn_result>(from.bytes);
  return made.node == node ? std::optional{std::move(made)} : std::nullopt;
} catch (const malformed_message&) {
  return std::nullopt;
}

std::string problem_of(const answer_form& answer) try {
  byte_reader in{answer.bytes, nullptr};
  read_answer(in, answer.head.how, "of another node");
  return "its node's answer was none";
} catch (const std::exception& problem) {
  return problem.what();
}

}  // namespace

// Of an actor that `order` has started on that node.
void gateway::note_migrant(std::uint32_t node, std::shared_ptr<const packed_bytes> order,
                           const answer_form& started) {
  const auto made = read_start(started, node);
  if (!made) return;
  const callee which{node, made->id};
  const auto policy = unpack<spawn_order>(*order).restart;
  if (migrants_.try_emplace(which, migrant{.order = std::move(order), .policy = policy}).second)
    arrived(which, node, started);
}

gateway::migrant* gateway::find_migrant(const callee& which) {
  if (migrants_.empty()) return nullptr;
  const auto place = migrants_.find(which);
  return place == migrants_.end() ? nullptr : &place->second;
}

void gateway::pass_on(migrant& to, frame_head head, std::optional<due_call> due,
                      std::span<const std::byte> payload) {
  if (to.is_on_its_way) {
    to.held.push_back({head, std::move(due), {payload.begin(), payload.end()}});
    return;
  }
  const auto there = find_or_own(to.node);
  if (!there) {
    if (due) due->answer.set_value(node_end("its node has been forgotten here"));
    return;
  }
  head.id = to.there.id;
  head.key = to.there.key;
  if (due) return call(*there, head, std::move(*due), payload);
  send(*there, head, payload);
}

// One start a turn, so that the other nodes go on hearing of this one.
void gateway::move_all_from(const session& down) {
  std::vector<callee> ends;
  for (auto& [which, each] : migrants_) {
    if (each.node != down.who.number || each.is_on_its_way) continue;
    const auto now = clock::now();
    while (!each.moves.empty() && now - each.moves.front() > each.policy.within) each.moves.pop_front();
    if (each.is_stopped || each.moves.size() >= each.policy.most || switched_off("node_moves")) {
      ends.push_back(which);
      continue;
    }
    each.is_on_its_way = true;
    each.moves.push_back(now);
    poster_.post([this, which = which] { start_elsewhere(which); });
  }
  for (const auto& which : ends) end_migrant(which, end_because_down(down));
}

void gateway::start_elsewhere(const callee& which) {
  const auto order = migrants_.at(which).order;
  const auto node = least_loaded();
  const auto there = find(node);
  if (!there) {
    answer_form started;
    try {
      started.bytes = pack(start_actor(*order));
    } catch (...) {
      started = describe_end(std::current_exception());
    }
    return arrived(which, node, started);
  }
  frame_head head;
  head.kind = frame_kind::spawn;
  const auto arrives = [this, which, node](const answer_form& started) { arrived(which, node, started); };
  call(*there, head, {.kind = head.kind, .whom = {node, 0}, .then = arrives}, *order);
}

void gateway::arrived(const callee& which, std::uint32_t node, const answer_form& started) {
  const auto made = read_start(started, node);
  if (!made) {
    const auto there = find(node);
    if (there && there->is == node_status::state::down)  // meanwhile
      return poster_.post([this, which] { start_elsewhere(which); });
    return end_migrant(which, node_end("its node is down, and it could not be started again on another: " +
                                       problem_of(started)));
  }
  auto& it = migrants_.at(which);
  it.node = node;
  it.there = {made->id, 0, made->key};
  it.is_on_its_way = false;
  frame_head watch;
  watch.kind = frame_kind::watch;
  const auto ends = [this, which](const answer_form& how) { end_migrant(which, how); };
  auto held = std::exchange(it.held, {});
  pass_on(it, watch, due_call{.kind = watch.kind, .whom = which, .then = ends}, {});
  for (auto& each : held) {
    if (auto* const still = find_migrant(which)) {
      pass_on(*still, each.head, std::move(each.due), each.payload);
    } else if (each.due) {
      each.due->answer.set_value(end_of_migrant(which, each.head.kind));
    }
  }
}

// Nothing where it has ended already: `how` may then be the end of the node that it was on.
void gateway::end_migrant(const callee& which, const answer_form& how) {
  auto ended = migrants_.extract(which);
  if (ended.empty()) return;
  const bool is_an_end = how.head.how == outcome::value || how.head.how == outcome::down;
  ends_of_migrants_[which] = is_an_end ? how : node_end("what became of it is not known: " + problem_of(how));
  remembered_.push_back(which);
  if (remembered_.size() > most_remembered) {
    ends_of_migrants_.erase(remembered_.front());
    remembered_.pop_front();
  }
  for (const auto& each : ended.mapped().held) {
    if (each.due) each.due->answer.set_value(end_of_migrant(which, each.head.kind));
  }
}

// How its end answers a call: a watch by itself, every other by what became of it.
answer_form gateway::end_of_migrant(const callee& which, frame_kind of) const {
  const auto& end = ends_of_migrants_.at(which);
  if (of == frame_kind::watch || end.head.how != outcome::value) return end;
  return {{outcome::down},
          pack(end_of_call{"of another node", call_fate::gone, unpack<exit_status>(end.bytes)})};
}

// A call to a node that is down: true where it is answered, or goes to where its actor will be.
bool gateway::hand_over(const due_call& due) {
  auto* const to = find_migrant(due.whom);
  if (to == nullptr) return false;
  if (due.kind == frame_kind::mark) {  // what it was to come behind is gone
    due.answer.set_value(answer_form{});
    return true;
  }
  if (due.kind != frame_kind::watch) return false;
  if (due.then) return true;  // this one's own: another is set where it goes on
  frame_head head;
  head.kind = due.kind;
  head.method = due.behind;
  pass_on(*to, head, due, {});
  return true;
}

// Of those that wait for one that is on its way.
void gateway::give_up_held(std::uint64_t label) {
  for (auto& [which, each] : migrants_) {
    const auto is_it = [label](const auto& held) { return held.due && held.due->label == label; };
    const auto place = std::find_if(each.held.begin(), each.held.end(), is_it);
    if (place == each.held.end()) continue;
    place->due->answer.set_value(
        answer_form{{outcome::cancelled}, pack(std::string{"the answer was given up"})});
    each.held.erase(place);
    return;
  }
}

}  // namespace troupe::detail
