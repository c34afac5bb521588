#include "runtime/connection.hpp"

#include <troupe/errors.hpp>
#include <troupe/switched_off.hpp>

#include "runtime/member.hpp"
#include "wire/problem.hpp"

#include <algorithm>
#include <system_error>
#include <tuple>
#include <utility>

namespace troupe::runtime {
namespace {

// A reply up to this size is copied: keeping the block it came in would cost more memory.
constexpr std::size_t copied_reply = 16 * 1024;

}  // namespace

bool pending_ask::ready() { return wait(detail::deadline{}); }

bool pending_ask::wait(detail::deadline until) {
  try {
    return settled() || owner_->wait_on(
                            *over_, [this] { return settled(); }, until);
  } catch (const would_deadlock&) {
    give_up(std::current_exception());
    return true;
  }
}

bool pending_ask::wait_any(std::span<detail::pending_reply* const> several, detail::deadline until) {
  const auto done = [&] {
    return std::any_of(several.begin(), several.end(), [](const auto* each) { return each->settled(); });
  };
  if (done()) return true;
  std::vector<connection*> overs;
  for (auto* each : several) overs.push_back(dynamic_cast<pending_ask&>(*each).over_.get());
  std::sort(overs.begin(), overs.end());
  overs.erase(std::unique(overs.begin(), overs.end()), overs.end());
  try {
    return owner_->wait_on_any(overs, done, until);
  } catch (const would_deadlock&) {
    for (auto* each : several) dynamic_cast<pending_ask&>(*each).give_up(std::current_exception());
    return true;
  }
}

void pending_ask::then(std::function<void()> run) {
  if (over_) {
    const std::lock_guard lock{over_->mutex};
    if (!settled()) {
      then_ = std::exchange(run, nullptr);
      ++over_->continued;
    }
  }
  if (run) return owner_->run_later(std::move(run));
  owner_->asked(over_);
}

void pending_ask::cancel() {
  give_up(std::make_exception_ptr(cancelled{"the call was cancelled: its answer was given up"}));
}

bool pending_ask::has_begun() {
  if (is_for_the_end()) return false;
  const std::lock_guard lock{over_->mutex};
  return over_->channel && over_->channel->has_begun(sequence_);
}

void pending_ask::abort() {
  if (is_for_the_end())
    return give_up(std::make_exception_ptr(cancelled{"nobody waits for this end any more"}));
  std::uint32_t slot = 0;
  bool is_doomed = false;
  {
    const std::lock_guard lock{over_->mutex};
    if (settled() || !over_->channel) return;
    slot = static_cast<std::uint32_t>(over_->channel->peer_slot());
    is_doomed = over_->channel->revoke(sequence_);
  }
  if (is_doomed) {
    owner_->kill_peer(over_->peer);
  } else {
    owner_->cancel_call(over_->peer, slot, call_);  // where another is revoked before this one's turn
  }
}

void pending_ask::give_up(std::exception_ptr why) {
  if (!over_) return;  // settled
  std::uint32_t slot = 0;
  {
    const std::lock_guard lock{over_->mutex};
    if (settled()) return;
    const auto self = std::move(over_->asks.extract(call_).mapped());
    slot = static_cast<std::uint32_t>(over_->channel->peer_slot());
    settle(std::move(why));
    over_->announce();
  }
  if (!is_for_the_end()) owner_->cancel_call(over_->peer, slot, call_);
}

// In the middle of taking something in, with the connection's mutex held: what is to follow is handed on, never run here.
void pending_ask::set_settled() {
  settled_.store(true, std::memory_order_release);
  if (!then_) return;
  --over_->continued;
  owner_->run_later(std::exchange(then_, nullptr));
}

detail::byte_reader pending_ask::result() {
  if (problem_) std::rethrow_exception(problem_);
  detail::byte_reader in{payload_, owner_.get()};
  in.came_with(attached_);
  return in;
}

void pending_ask::settle(channel::message&& reply) {
  incarnation_ = reply.frame.header.incarnation;
  if (reply.problem != 0) {
    return settle(std::make_exception_ptr(
        std::system_error{reply.problem, std::generic_category(),
                          "the answer of actor " + over_->peer_name + " could not be taken in and is lost"}));
  }
  if (reply.frame.header.kind == wire::frame_kind::error) {
    try {
      detail::byte_reader in{reply.frame.payload, nullptr};
      wire::rethrow(detail::decode<wire::problem>(in), over_->peer_name);
    } catch (...) {
      return settle(std::current_exception());
    }
  }
  payload_ = reply.frame.payload;
  attached_ = reply.attached;
  const bool is_small = payload_.size() <= copied_reply;
  if (is_small) {
    copied_.assign(payload_.data(), payload_.data() + payload_.size());
    payload_ = {copied_.data(), copied_.size()};
  }
  if (!is_small || attached_ != nullptr) pin_ = std::move(reply.pin);
  set_settled();
}

void pending_ask::settle(std::exception_ptr problem) {
  problem_ = std::move(problem);
  set_settled();
}

void pending_ask::settle_end(const exit_status& status) {
  const std::tuple<const exit_status&> value{status};
  const auto body = detail::body_of(value);
  copied_.resize(body.size);
  detail::byte_writer out{std::span{copied_.data(), copied_.size()}};
  body.write(body.values, out);
  payload_ = {copied_.data(), copied_.size()};
  set_settled();
}

std::optional<std::uint32_t> connection::attempts_of_others(std::uint64_t sequence) const {
  if (const auto known = unfinished.find(sequence); known != unfinished.end())
    return known->second == 0 ? std::nullopt : std::optional{known->second};
  if (switched_off("begun_mark")) return 0U;
  return sequence > begun_before ? std::optional{0U} : std::nullopt;
}

connection::connection(member& whose, channel::page& page, channel::channel_parts parts, std::string name,
                       std::chrono::nanoseconds longest_spin)
    : owner{whose}, spin{longest_spin}, peer{parts.peer}, peer_name{std::move(name)} {
  channel = std::make_unique<channel::channel>(page, std::move(parts));
}

bool connection::begins_given_up(std::uint64_t call) {
  last_call_begun = call;
  if (given_up.empty()) return false;
  const bool is_given_up = given_up.contains(call);
  given_up.erase(given_up.begin(), given_up.upper_bound(call));
  return is_given_up;
}

void connection::drop_continuations() {
  std::vector<std::function<void()>> dropped;  // they may own promises, whose end sends
  for (const auto& [call, ask] : asks) dropped.push_back(ask->take_continuation());
}

void connection::announce() {
  changed.notify_all();
  for (const auto* watcher : watchers) watcher->wake();
}

void connection::throw_why_closed() const {
  if (system_stopped)
    throw troupe::system_stopped{"the system has been stopped: actor " + peer_name + " cannot be reached"};
  if (down) throw actor_down{peer_name, call_fate::gone, *down};
  std::rethrow_exception(broken);
}

void connection::finished_behind_others(channel::progress at) {
  const auto place = std::lower_bound(
      begun.begin(), begun.end(), at.sequence,
      [](const begun_request& each, std::uint64_t sequence) { return each.at.sequence < sequence; });
  if (place != begun.end()) {
    place->is_handled = true;  // it is that one: messages of one channel begin in order
  } else {
    begun.push_back({at, true});
  }
  for (; !begun.empty() && begun.front().is_handled; begun.pop_front()) handled = begun.front().at;
}

void connection::settle(channel::message&& reply) {
  const auto place = asks.find(reply.frame.header.method);
  if (place == asks.end()) return;
  const auto ask = std::move(place->second);
  asks.erase(place);
  ask->settle(std::move(reply));
}

void connection::settle_all(const std::exception_ptr& problem) {
  for (const auto& [call, ask] : asks) ask->settle(problem);
  asks.clear();
}

void connection::settle_begun(const exit_status& status, const std::vector<std::uint64_t>& again) {
  std::erase_if(asks, [&](const auto& entry) {
    const auto& ask = *entry.second;
    if (ask.is_for_the_end() || !channel->has_begun(ask.sequence())) return false;
    if (std::find(again.begin(), again.end(), ask.sequence()) != again.end()) return false;
    entry.second->settle(std::make_exception_ptr(actor_down{peer_name, call_fate::died_running, status}));
    return true;
  });
}

void connection::settle_down(const exit_status& status) {
  for (const auto& [call, ask] : asks) {
    if (ask->is_for_the_end()) {
      ask->settle_end(status);
      continue;
    }
    const bool has_begun = channel->is_finished(ask->sequence()) || channel->has_begun(ask->sequence());
    ask->settle(std::make_exception_ptr(
        actor_down{peer_name, has_begun ? call_fate::died_running : call_fate::not_started, status}));
  }
  asks.clear();
  down = status;
  listening.reset();
}

}  // namespace troupe::runtime
