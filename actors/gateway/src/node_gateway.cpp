#include "node_gateway.hpp"

#include <troupe/available_cpus.hpp>

#include "certificate_files.hpp"

#include <algorithm>
#include <cstdio>
#include <malloc.h>
#include <random>
#include <tuple>
#include <utility>

namespace troupe::detail {
namespace {

constexpr std::size_t most_complaints = 20;  // between two beats: whoever connects can cause one

std::uint64_t random_bits() {
  std::random_device source;
  return (std::uint64_t{source()} << 32U) | source();
}

// Not 0, and not `anywhere`.
std::uint32_t random_number() {
  std::random_device source;
  return std::uniform_int_distribution<std::uint32_t>{1, anywhere.node - 1}(source);
}

// Of this process, which is the gateway's alone: what one batch leaves free the next one takes, also on CAF's threads. Else
// each batch would be pages of its own, whose first use costs more than all copying does.
void keep_freed_memory() {
  constexpr int most = 32 << 20;  // bytes: some batches under way each way
  ::mallopt(M_MMAP_THRESHOLD, most);
  ::mallopt(M_TRIM_THRESHOLD, most);
}

}  // namespace

gateway::gateway(gateway_settings settings) : settings_{std::move(settings)}, local_{remote::local()} {
  keep_freed_memory();
  settings_.window = std::min<std::uint64_t>(settings_.window, widest_window);
  self_.build = remote::build_id();
  self_.number = random_number();
  self_.incarnation = random_bits();
  self_.processors = available_cpus();
  own_ = std::make_shared<session>(settings_.window);
  own_->who.number = self_.number;
  links::listener to;
  to.received = [this](std::uint64_t link, std::string&& message) {
    poster_.post([this, link, came = std::make_shared<std::string>(std::move(message))] {
      if (links_->may_handle(link, came->size())) on_message(link, std::move(*came));
    });
  };
  to.ended = [this](std::uint64_t link, const std::string&) {
    poster_.post([this, link] { on_ended(link); });
  };
  to.connected = [this](std::uint64_t attempt, std::uint64_t link) {
    poster_.post([this, attempt, link] { on_connected(attempt, link); });
  };
  to.failed = [this](std::uint64_t attempt, const std::string& why) {
    poster_.post([this, attempt, why] { on_failed(attempt, why); });
  };
  // At once: what is posted is not done any more where this ends.
  to.refused = [this](const std::string& who, const std::string& why) {
    complain("a connection from " + who + " has failed: " + why);
  };
  to.flooded = [this](std::uint64_t link) {
    poster_.post([this, link] { on_flooded(link); });
    return message_of(message_kind::refuse, std::string{it_floods});
  };
  links_ = std::make_unique<links>(std::move(to), settings_.certificates);
}

gateway::~gateway() {
  constexpr std::chrono::milliseconds patience{300};
  links_->take_leave(message_of(message_kind::leave, std::string{"it has left"}), patience);
}

void gateway::complain(const std::string& what) {
  if (++complaints_ <= most_complaints) std::fprintf(stderr, "gateway: %s\n", what.c_str());
}

void gateway::end_complaints() {
  if (const auto all = complaints_.exchange(0); all > most_complaints)
    std::fprintf(stderr, "gateway: %zu more messages of such kinds were left out\n", all - most_complaints);
}

promise<gateway_start> gateway::start() {
  promise<gateway_start> answer;
  try {
    if (!settings_.certificates.empty()) check_certificates(settings_.certificates);
    for (const auto& each : settings_.join) static_cast<void>(address_of(each));
    listen();
    remote::become_gateway(self_.number);
  } catch (const std::exception& problem) {
    answer.set_value(gateway_start{"listen", problem.what(), {}});
    return answer;
  }
  // Two beats a heartbeat; and as long as there is a timer, nobody takes this actor for one that only waits for others.
  this_actor::every(settings_.heartbeat / 2, [this] { beat(); });
  starting_ = answer;
  joins_left_ = settings_.join.size();
  for (const auto& each : settings_.join) dial_to(each, reason::join);
  settle_join("");
  return answer;
}

// --- Calls of this system's processes -----------------------------------------------------------------------------------

void gateway::forward(std::uint32_t to, const frame_head& head, std::span<const std::byte> payload) {
  if (auto* const moving = find_migrant({to, head.id})) {
    moving->is_stopped = moving->is_stopped || head.kind == frame_kind::stop;
    return pass_on(*moving, head, {}, payload);
  }
  const auto there = find(to);
  // Whoever sends to one that is down hears of it by the watch that it has.
  if (there && there->is != node_status::state::down) send(*there, head, payload);
}

promise<answer_form> gateway::request(std::uint32_t to, const frame_head& head, std::uint64_t label,
                                      std::span<const std::byte> payload) {
  promise<answer_form> answer;
  const bool may_move = to == anywhere.node && head.method != 0;
  if (to == anywhere.node) to = least_loaded();
  due_call due{.answer = answer, .label = label, .kind = head.kind, .whom = {to, head.id}};
  auto frame = head;
  if (head.kind == frame_kind::begun) {
    const auto about = labels_.find(head.method);
    std::tie(to, frame.method) = about == labels_.end() ? std::pair{to, std::uint64_t{0}} : about->second;
  }
  const auto there = find_or_own(to);
  if (to == self_.number && head.kind == frame_kind::spawn) {
    try {
      answer.set_value(answer_form{{outcome::value}, pack(start_actor(payload))});
    } catch (...) {
      answer.set_value(describe_end(std::current_exception()));
    }
  } else if (auto* const moving = find_migrant(due.whom)) {
    pass_on(*moving, head, std::move(due), payload);
  } else if (ends_of_migrants_.contains(due.whom)) {
    answer.set_value(end_of_migrant(due.whom, head.kind));
  } else if (!there) {
    answer.set_value(node_end("node " + std::to_string(to) + " is not known here"));
  } else if (there->is == node_status::state::down) {
    answer.set_value(end_because_down(*there));
  } else {
    if (may_move) {
      const auto order = std::make_shared<const packed_bytes>(payload.begin(), payload.end());
      due.then = [this, to, order](const answer_form& started) { note_migrant(to, order, started); };
    }
    call(*there, frame, std::move(due), payload);
  }
  return answer;
}

void gateway::call(session& there, frame_head frame, due_call due, std::span<const std::byte> payload) {
  if (frame.kind == frame_kind::watch)
    due.behind = static_cast<std::uint32_t>(std::exchange(frame.method, std::uint64_t{0}));
  if (frame.kind == frame_kind::spawn) ++there.ordered;
  frame.call = ++last_call_;
  if (due.label != 0) labels_[due.label] = {there.who.number, frame.call};
  there.calls.emplace(frame.call, std::move(due));
  send(there, frame, payload);
}

void gateway::give_up(std::uint64_t label, bool by_force) {
  const auto place = labels_.find(label);
  if (place == labels_.end()) return give_up_held(label);
  const auto [number, call] = place->second;
  const auto there = find_or_own(number);
  if (!there) return;
  if (!by_force) settle(*there, call, {{outcome::cancelled}, pack(std::string{"the answer was given up"})});
  frame_head frame;
  frame.kind = by_force ? frame_kind::abort : frame_kind::cancel;
  frame.call = call;
  send(*there, frame, {});
}

void gateway::settle(session& of, std::uint64_t number, answer_form with) {
  const auto place = of.calls.find(number);
  if (place == of.calls.end()) return;  // given up
  const auto done = std::move(place->second);
  of.calls.erase(place);
  labels_.erase(done.label);
  if (done.whom.node != of.who.number) with.head.node = of.who.number;
  if (done.then) done.then(with);
  done.answer.set_value(with);
}

void gateway::send(session& to, const frame_head& head, std::span<const std::byte> payload) {
  if (&to == own_.get()) return on_frame(own_, head, payload);
  to.out.append(head, payload);
  flush(to);
}

void gateway::flush(session& to) {
  if (to.link == 0) return;
  to.out.flush(
      [this, &to](std::uint64_t sequence, const std::string& frames) { send_batch(to, sequence, frames); });
}

void gateway::send_batch(session& to, std::uint64_t sequence, const std::string& frames) {
  auto message = message_of(message_kind::batch, batch_head{sequence, to.in.last()});
  message += frames;
  to.in.said();
  links_->send(to.link, std::move(message));
}

// As many actors here as there are now: a start takes longer than to count them.
std::uint32_t gateway::least_loaded() {
  own_actors_ = static_cast<std::uint32_t>(local_->actors().actors.size());
  const auto weight = [](std::uint32_t actors, std::uint32_t processors) {
    return static_cast<double>(actors + 1) / std::max(processors, 1U);
  };
  auto best = self_.number;
  auto least = weight(own_actors_, self_.processors);
  for (const auto& [number, each] : sessions_) {
    const auto its = weight(each->last_pulse.actors + each->ordered, each->who.processors);
    if (each->is != node_status::state::up || its >= least) continue;
    best = number;
    least = its;
  }
  return best;
}

answer_form gateway::node_end(const std::string& why) {
  exit_status status;
  status.kind = exit_kind::node_down;
  status.exception_text = why;
  return {{outcome::down}, pack(end_of_call{"there", call_fate::died_running, std::move(status)})};
}

answer_form gateway::end_because_down(const session& of) const {
  return node_end("node " + describe(of) + " is down: " + of.why);
}

std::vector<node_status> gateway::members() {
  std::vector<node_status> all;
  node_status here;
  here.who = {self_.number, self_.name, self_.address};
  here.processors = self_.processors;
  here.actors = static_cast<std::uint32_t>(local_->actors().actors.size());
  here.load = system_load();
  all.push_back(here);
  for (const auto& [number, each] : sessions_) {
    all.push_back({{number, each->who.name, each->who.address},
                   each->is,
                   each->why,
                   each->who.processors,
                   each->last_pulse.load,
                   each->last_pulse.actors,
                   each->round_trip,
                   each->clock_offset});
  }
  return all;
}

}  // namespace troupe::detail
