// Handlers that are coroutines. Each stretch between two suspensions is a turn: what it sends, and the end of its message
// where it comes to that, are committed together.
//
//   take_turn           -> begin_coroutine -> run_segment -+-> suspended: kept in in_flight_
//   take_continuation   -> go_on           -> run_segment -+-> done: answered, and finished with the turn's commit
#include <troupe/errors.hpp>
#include <troupe/task.hpp>

#include "platform/clock.hpp"
#include "runtime/actor_member.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace troupe {
namespace runtime {
namespace {

// Calls that were given up and have not begun: of one channel no more can be under way than its mailbox holds.
constexpr std::size_t most_given_up = 65536;

}  // namespace

void actor_member::begin_coroutine(std::unique_ptr<detail::coroutine_handler> what, detail::replier& reply) {
  const auto call = std::make_shared<call_in_flight>();
  call->what = *in_hand_;
  call->handler = std::move(what);
  call->reply = reply.detach();
  run_segment(call, call->handler->handle());
  if (call->handler == nullptr) return;
  in_flight_.push_back(call);
  call->what.from->suspended(call->what.at);
  in_hand_ = nullptr;  // it goes on after this turn
}

void actor_member::run_segment(const std::shared_ptr<call_in_flight>& call, std::coroutine_handle<> from) {
  auto* const before = std::exchange(in_hand_, &call->what);
  running_ = call;
  from.resume();
  running_ = nullptr;
  in_hand_ = before;
  if (call->handler->handle().done()) end_coroutine(*call);
}

void actor_member::end_coroutine(call_in_flight& call) {
  try {
    call.handler->answer(*call.reply);
  } catch (...) {
    if (call.what.call == 0) throw;
    call.reply->error(std::current_exception());
  }
  call.handler.reset();
}

void actor_member::go_on(const std::shared_ptr<call_in_flight>& call, std::uint64_t suspension) {
  if (call->suspensions != suspension) return;
  ++call->suspensions;
  timers_.cancel(std::exchange(call->timer, 0));
  run_segment(call, std::exchange(call->where, nullptr));
  if (call->handler != nullptr) return;
  std::erase(in_flight_, call);
  finished_.push_back(call->what);
}

std::shared_ptr<call_in_flight> actor_member::suspend(std::coroutine_handle<> where) {
  if (!running_) {
    throw std::logic_error{
        "troupe: co_await is for handlers that return troupe::task, and for tasks that they await"};
  }
  running_->where = where;
  const auto which = ++running_->suspensions;
  // Given up while it ran: it does not wait any more.
  if (running_->throws_cancelled) run_later([this, call = running_, which] { go_on(call, which); });
  return running_;
}

void actor_member::resume_when_settled(std::coroutine_handle<> where, detail::pending_reply& what) {
  const auto call = suspend(where);
  what.then([this, call, which = call->suspensions] { go_on(call, which); });
}

void actor_member::resume_after(std::coroutine_handle<> where, std::chrono::nanoseconds time) {
  const auto call = suspend(where);
  call->timer = add_timer(time, {}, [this, call, which = call->suspensions] { go_on(call, which); });
}

// --- Cancellation ---------------------------------------------------------------------------------------------------------

// Control overtakes messages: the call may be on its way, in the inbox, being handled, or long done.
void actor_member::give_up(const process_layer::cancel_call& which) {
  const auto is_it = [&](const std::shared_ptr<connection>& from, std::uint64_t call) {
    return call == which.call && from->peer == which.client && from->channel &&
           from->channel->own_slot() == channel::slot{which.slot};
  };
  for (const auto& call : in_flight_) {
    if (is_it(call->what.from, call->what.call)) return give_up(call);
  }
  if (in_hand_ != nullptr && is_it(in_hand_->from, in_hand_->call)) {
    in_hand_->is_cancelled = true;
    if (running_) running_->throws_cancelled = true;
    return;
  }
  const auto [first, end] = connections_.equal_range(which.client);
  for (auto place = first; place != end; ++place) {
    auto& from = *place->second;
    if (is_it(place->second, which.call) && which.call > from.last_call_begun &&
        from.given_up.size() < most_given_up)
      from.given_up.insert(which.call);
  }
}

void actor_member::give_up(const std::shared_ptr<call_in_flight>& call) {
  if (std::exchange(call->what.is_cancelled, true)) return;
  call->throws_cancelled = true;
  if (!call->where) return;  // it runs just now
  run_later([this, call, which = call->suspensions] { go_on(call, which); });
}

bool actor_member::cancel_was_requested() {
  read_control();
  return in_hand_ != nullptr && in_hand_->is_cancelled;
}

void actor_member::throw_if_cancelled() {
  if (!running_ || !std::exchange(running_->throws_cancelled, false)) return;
  throw cancelled{"whoever asked has given the answer up"};
}

}  // namespace runtime

namespace detail {
namespace {

runtime::actor_member& own_actor() {
  if (auto* const member = runtime::actor_member::current()) return *member;
  throw std::logic_error{"troupe: tasks run in actors: this code does not"};
}

}  // namespace

void begin_coroutine(std::unique_ptr<coroutine_handler> what, replier& reply) {
  own_actor().begin_coroutine(std::move(what), reply);
}
void resume_when_settled(std::coroutine_handle<> where, pending_reply& what) {
  own_actor().resume_when_settled(where, what);
}
void resume_after(std::coroutine_handle<> where, std::chrono::nanoseconds time) {
  own_actor().resume_after(where, time);
}
void throw_if_cancelled() { own_actor().throw_if_cancelled(); }

}  // namespace detail
}  // namespace troupe
