#include "node_gateway.hpp"

#include <troupe/available_cpus.hpp>

#include "certificate_files.hpp"

#include <algorithm>
#include <malloc.h>
#include <random>
#include <utility>

namespace troupe::detail {
namespace {

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

exit_status node_end(const std::string& why) {
  exit_status status;
  status.kind = exit_kind::node_down;
  status.exception_text = why;
  return status;
}

}  // namespace

gateway::gateway(gateway_settings settings) : settings_{std::move(settings)}, local_{remote::local()} {
  keep_freed_memory();
  self_.build = remote::build_id();
  self_.number = random_number();
  self_.incarnation = random_bits();
  self_.processors = available_cpus();
  links::listener to;
  to.received = [this](std::uint64_t link, std::string&& message) {
    poster_.post([this, link, came = std::make_shared<std::string>(std::move(message))] {
      on_message(link, std::move(*came));
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
  to.refused = [](const std::string& who, const std::string& why) {
    std::fprintf(stderr, "gateway: a connection from %s has failed: %s\n", who.c_str(), why.c_str());
  };
  links_ = std::make_unique<links>(std::move(to), settings_.certificates);
}

gateway::~gateway() {
  constexpr std::chrono::milliseconds patience{300};
  links_->take_leave(message_of(message_kind::leave, std::string{"it has left"}), patience);
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
  const auto there = find(to);
  // Whoever sends to one that is down hears of it by the watch that it has.
  if (there && there->is != node_status::state::down) send(*there, head, payload);
}

promise<answer_form> gateway::request(std::uint32_t to, const frame_head& head, std::uint64_t label,
                                      std::span<const std::byte> payload) {
  promise<answer_form> answer;
  if (to == anywhere.node) to = least_loaded();
  const auto there = find(to);
  if (to == self_.number && head.kind == frame_kind::spawn) {
    try {
      answer.set_value(answer_form{{outcome::value}, pack(start_actor(payload))});
    } catch (...) {
      answer.set_value(describe_end(std::current_exception()));
    }
  } else if (!there) {
    const auto text = "node " + std::to_string(to) + " is not known here";
    answer.set_value(
        answer_form{{outcome::down}, pack(end_of_call{"there", call_fate::gone, node_end(text)})});
  } else if (there->is == node_status::state::down) {
    answer.set_value(end_because_down(*there));
  } else {
    auto frame = head;
    if (head.kind == frame_kind::begun) {
      const auto about = labels_.find(head.method);
      frame.method = about == labels_.end() ? 0 : about->second.second;
    }
    frame.call = ++last_call_;
    due_call due{answer, label};
    if (head.kind == frame_kind::watch)
      due.behind = static_cast<std::uint32_t>(std::exchange(frame.method, std::uint64_t{0}));
    there->calls.emplace(frame.call, due);
    if (label != 0) labels_[label] = {to, frame.call};
    if (head.kind == frame_kind::spawn) ++there->ordered;
    send(*there, frame, payload);
  }
  return answer;
}

void gateway::give_up(std::uint64_t label, bool by_force) {
  const auto place = labels_.find(label);
  if (place == labels_.end()) return;
  const auto [number, call] = place->second;
  const auto there = find(number);
  if (!there) return;
  if (!by_force) settle(*there, call, {{outcome::cancelled}, pack(std::string{"the answer was given up"})});
  frame_head frame;
  frame.kind = by_force ? frame_kind::abort : frame_kind::cancel;
  frame.call = call;
  send(*there, frame, {});
}

void gateway::settle(session& of, std::uint64_t number, const answer_form& with) {
  const auto place = of.calls.find(number);
  if (place == of.calls.end()) return;  // given up
  const auto done = std::move(place->second);
  of.calls.erase(place);
  labels_.erase(done.label);
  done.answer.set_value(with);
}

void gateway::send(session& to, const frame_head& head, std::span<const std::byte> payload) {
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

std::uint32_t gateway::least_loaded() const {
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

answer_form gateway::end_because_down(const session& of) const {
  return {{outcome::down},
          pack(end_of_call{"there", call_fate::died_running,
                           node_end("node " + describe(of) + " is down: " + of.why)})};
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
