#include "runtime/actor_member.hpp"

#include <troupe/errors.hpp>
#include <troupe/switched_off.hpp>

#include "platform/clock.hpp"
#include "platform/process.hpp"
#include "registry/registry.hpp"
#include "runtime/answer.hpp"
#include "runtime/system_access.hpp"
#include "wire/problem.hpp"
#include "wire/shared_memory.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <system_error>
#include <thread>
#include <utility>

namespace troupe::runtime {
namespace {

using namespace process_layer;

actor_member* the_current = nullptr;
constexpr int turns_between_looks = 256;
constexpr std::size_t most_turns_in_a_row = 64;  // of one sender, where others have sent something too
constexpr std::int64_t longest_without_look = 1'000'000;  // nanoseconds: control overtakes messages
constexpr std::int64_t short_turn =
    10'000;  // nanoseconds: of such, some are taken between two looks at the clock
constexpr int turns_between_clocks = 16;
constexpr std::size_t most_looked_at = 16;  // channels: a look at each takes its time
constexpr std::size_t longest_type = 1024, longest_text = 16 * 1024;  // of the exception in an exit_status

}  // namespace

actor_member* actor_member::current() { return the_current; }

actor_member& actor_member::current_for(const char* what) {
  if (the_current != nullptr) return *the_current;
  throw std::logic_error{std::string{what} + ": this code does not run inside an actor"};
}

actor_member::actor_member(control_link link, control_message& start)
    : actor_member{std::move(link), start, start.as<process_layer::start>()} {}

actor_member::actor_member(control_link link, control_message& start, process_layer::start description)
    : member{std::move(link), start.descriptors.at(0), std::chrono::nanoseconds{description.spin_nanoseconds},
             description.incarnation},
      start_{std::move(description)} {
  the_current = this;
  if (start_.incarnation != 0 && !switched_off("page_taken_over")) page_.begin_again();
  platform::record_crashes(page_.crash());
  auto given = std::span{start.descriptors}.subspan(1);
  for (const std::size_t which : {0U, 1U}) {
    if (!start_.may_return) break;
    if (given.empty()) throw malformed_message{"a start without its checkpoints"};
    checkpoints_.adopt(which, std::move(given.front()));
    given = given.subspan(1);
  }
  if (start_.outside_arguments != 0 && !given.empty()) {
    outside_arguments_ = new channel::outside_payload{given.front(), start_.outside_arguments};
    given.front().reset();
    given = given.subspan(1);
  }
  attached_arguments_ = wire::open_attached(given);
}

// With the turn, where there is one: what it has consumed and sent, and the state that it leaves, hold together or not at all.
void actor_member::save_checkpoint(std::span<const std::byte> state) {
  if (!start_.may_return || switched_off("checkpoints")) return;
  checkpoints_.save(state);
  if (!turn_open_) page_.commit();
}

void actor_member::extend_checkpoint(std::size_t size) {
  checkpoints_.add(size);
  if (!turn_open_) page_.commit();
}

std::vector<std::byte> actor_member::last_checkpoint() const {
  return start_.may_return ? checkpoints_.last() : std::vector<std::byte>{};
}

int actor_member::run() {
  system_ = detail::system_access::make(shared_from_this());
  const auto* const what = registry::find(detail::entry_id{start_.entry});
  if (what == nullptr) {
    return fail(std::make_exception_ptr(
        malformed_message{"this program has nothing registered under the id it was started with"}));
  }
  return what->run != nullptr ? run_function(*what) : run_actor(*what);
}

void actor_member::with_arguments(const std::function<void(detail::byte_reader&)>& use) {
  const auto inside = std::move(start_.arguments);
  auto outside = std::move(outside_arguments_);
  auto attached = std::move(attached_arguments_);
  const std::function<void()> let_go = [&] {
    outside.reset();
    attached.clear();
  };
  detail::byte_reader in{outside ? outside->bytes() : std::as_bytes(std::span{inside}), this, let_go};
  in.came_with(&attached);
  use(in);
}

int actor_member::run_function(const detail::registrar& what) try {
  is_function_ = true;
  with_arguments([&](detail::byte_reader& in) { what.run(in); });
  return 0;
} catch (const stop_requested&) {
  return 0;
} catch (const actor_down&) {
  return end_beside_a_stop();
} catch (const broken_promise&) {
  return end_beside_a_stop();
} catch (const system_stopped&) {
  return end_beside_a_stop();
} catch (...) {
  return fail(std::current_exception());
}

// Who has been asked to stop may hear first that what it worked with has stopped, or lets go of what it owed.
int actor_member::end_beside_a_stop() { return stop_was_requested() ? 0 : fail(std::current_exception()); }

int actor_member::run_actor(const detail::registrar& what) try {
  if (what.construct == nullptr)
    throw malformed_message{"an actor was started with an id that is no constructor's"};
  poller_.emplace();
  with_arguments([&](detail::byte_reader& in) { object_ = what.construct(in); });
  actor_class_ = what.actor_class;
  relies_on_ = what.relies_on;
  poller_->watch(link_.socket(), [this] { read_control(); });
  for (const auto& [peer, over] : connections_) listen_to(over);
  serve();
  what.destroy(std::exchange(object_, nullptr));
  drop_callbacks();
  send_last_answers();
  return 0;
} catch (const actor_down&) {
  return end_beside_a_stop();
} catch (const broken_promise&) {
  return end_beside_a_stop();
} catch (...) {
  return fail(std::current_exception());
}

void actor_member::complain(const std::string& what) const {
  std::fprintf(stderr, "actor %s: %s\n", start_.name.c_str(), what.c_str());
}

void actor_member::report_broken(const std::exception_ptr& cause) { complain(wire::describe(cause).text); }

int actor_member::fail(const std::exception_ptr& problem) {
  // So that it fits a packet, as the news of the end will: who has no descriptors left must hear of it too.
  const auto described = wire::describe(problem, longest_text);
  if (!ends_quietly_) complain("ends by an exception: " + described.type + ": " + described.text);
  link_.send(failed{described.type.substr(0, longest_type), described.text});
  return 1;
}

// --- The loop -------------------------------------------------------------------------------------------------------------

void actor_member::serve() {
  auto polled = platform::monotonic_nanoseconds();  // when the sockets were looked at last
  while (!should_end()) {
    now_ = platform::monotonic_nanoseconds();
    const auto taken = taken_;
    bool more = true;
    int next_clock = 1;  // a look at the clock costs as much as a short turn
    for (int turns = 0; more && turns < turns_between_looks && !should_end(); ++turns) {
      more = has_continuations() && take_continuation();
      more = take_turn() || more;
      if (!more || turns < next_clock) continue;
      const auto passed = platform::monotonic_nanoseconds() - now_;
      if (passed > longest_without_look) break;
      next_clock = turns + (passed < short_turn * turns ? turns_between_clocks : 1);
    }
    if (should_end()) break;
    if (!inbox_.empty() || now_ - polled > longest_without_look) {
      read_calls();
      poller_->look();
      polled = now_;
    }
    if (!takes_from_channels()) take_in_everywhere();  // answers, for one
    send_kept();
    run_ends();
    if (more || can_take_turn() || !later_.empty() || should_end()) continue;
    offer_room();
    if (taken_ != taken && look_for_a_while()) continue;
    if (read_calls()) continue;
    if (!prepare_to_sleep()) continue;
    // Answering may have brought something.
    if (!answer_inquiries() || (!can_take_turn() && later_.empty() && prepare_to_sleep())) {
      poller_->wait(timers_.next());
      polled = platform::monotonic_nanoseconds();
    }
    page_.set_idle(false);
  }
}

void actor_member::take_in_everywhere() {
  for (const auto& each : listeners_) {
    if (each->over->is_live() && each->over->channel->has_more()) pump(each->over);
  }
}

void actor_member::send_kept() {
  for (auto& over : std::exchange(kept_, {})) {
    if (!over->channel) continue;
    if (!over->channel->append_kept()) {
      over->channel->want_room();
      if (!over->channel->append_kept()) kept_.push_back(over);
    }
    over->channel->publish();
    over->channel->push();
  }
  if (!room_wanted_.empty()) look_for_room();
}

// The last chance of answers that found no room. What fits no journal now ends as `actor_down` at the asker.
void actor_member::send_last_answers() {
  for (const auto& over : std::exchange(kept_, {})) {
    if (!over->channel) continue;
    over->channel->ignore_bounds();
    over->channel->append_kept();
    over->channel->publish();
    over->channel->push();
  }
}

// Senders that wait for room are told before this process does nothing for a while.
void actor_member::offer_room() {
  if (handled_.empty()) return;
  std::atomic_thread_fence(std::memory_order_seq_cst);  // pairs with channel::want_room's
  for (const auto& over : handled_) {
    if (over->channel) over->channel->offer_room();
  }
  handled_.clear();
}

// As long as it is not said to be idle, nobody wakes this process: what comes is seen here.
bool actor_member::look_for_a_while() {
  if (listeners_.size() > most_looked_at) return false;
  return spin_.until([this] {
    return std::any_of(listeners_.begin(), listeners_.end(), [](const auto& each) {
      return each->over->is_live() && each->over->channel->has_news();
    });
  });
}

// True where there is nothing left to do. Between set_idle and sleeping everything is looked at once more: who sends from
// then on sees us idle and wakes us.
bool actor_member::prepare_to_sleep() {
  page_.set_idle(true);
  const bool more = std::any_of(listeners_.begin(), listeners_.end(), [](const auto& each) {
    return each->over->is_live() && each->over->channel->has_more();
  });
  if (more) page_.set_idle(false);
  return !more;
}

// Whoever may have to do something before the answers that this idle actor owes can be given.
std::vector<std::uint32_t> actor_member::relied_on() const {
  std::vector<std::uint32_t> on;
  for (const auto& each : listeners_) {
    if (!each->over->asks.empty()) on.push_back(each->over->peer);
  }
  if (relies_on_ != nullptr) relies_on_(object_, on);
  return on;
}

// Whoever has asked for answers that have found no room: nobody else can make it, whatever this actor does.
void actor_member::add_full_askers(std::vector<std::uint32_t>& to) const {
  for (const auto& over : kept_) {
    if (over->peer != start_.self.id) to.push_back(over->peer);
  }
}

// With the number of messages taken as the number of the state: whatever comes between two questions shows. False where
// nobody has asked.
bool actor_member::answer_inquiries() {
  if (!watch_.has_questions()) return false;
  for (const auto& each : listeners_) {
    if (each->over->is_live()) pump(each->over);  // also what is in sockets
  }
  const bool acts_by_itself = !in_flight_.empty() || timers_.next() != platform::never;
  auto on = inbox_.empty() && !acts_by_itself ? relied_on() : std::vector<std::uint32_t>{};
  if (inbox_.empty()) add_full_askers(on);
  const auto kind = on.empty() ? wait_kind::free : wait_kind::relying;
  watch_.answer({kind, taken_, 0, std::move(on)});
  return true;
}

void actor_member::receive_request(const std::shared_ptr<connection>& from, channel::message&& request) {
  inbox_.add(from, std::move(request));
}

const detail::registrar* actor_member::entry_of(std::uint64_t method) {
  if (method != last_method_) {
    last_entry_ = registry::find(detail::entry_id{method});
    last_method_ = method;
  }
  return last_entry_;
}

// Of what is in the inbox.
bool actor_member::can_take_turn() {
  if (inbox_.empty() || takes_no_more()) return false;
  if (has_free_hands()) return true;
  const auto* const next = entry_of(inbox_.front().message.frame.header.method);
  return next == nullptr || !next->is_coroutine;
}

bool actor_member::take_turn() {
  if (takes_from_channels()) return take_turn_from_channel();
  if (!can_take_turn()) return false;
  auto next = inbox_.take();
  handle_message(std::move(next.from), next.message);
  return true;
}

// Without a way over the inbox: the next message of the channel whose turn it is.
bool actor_member::take_turn_from_channel() {
  for (std::size_t looked_at = 0; looked_at < listeners_.size(); ++looked_at) {
    if (turns_in_a_row_ == most_turns_in_a_row) turns_in_a_row_ = 0, ++turn_of_;
    if (turn_of_ >= listeners_.size()) turn_of_ = 0;
    auto over = listeners_[turn_of_]->over;  // a listener may be gone when the message has been handled
    channel::message next;
    if (next_request(over, next)) {
      ++turns_in_a_row_;
      handle_message(std::move(over), next);
      return true;
    }
    turns_in_a_row_ = most_turns_in_a_row;
  }
  return false;
}

void actor_member::handle_message(std::shared_ptr<connection> from, channel::message& request) {
  ++taken_;
  const auto sequence = request.frame.header.sequence;
  const bool is_asked = request.frame.header.kind == wire::frame_kind::ask;
  const auto tried = from->attempts_before(sequence);
  call_in_hand now{std::move(from), {sequence, request.end}, is_asked ? request.frame.call : 0};
  auto& asker = *now.from;
  now.attempt = tried.value_or(0) + 1;
  if (asker.channel) {
    const auto slot = asker.channel->own_slot();
    now.place = tried ? page_.begin(slot, sequence, now.attempt, now_) : page_.find(slot, sequence);
  }
  begin_turn();
  in_hand_ = &now;
  const bool is_given_up = is_asked && asker.begins_given_up(now.call);
  const bool is_dropped = is_asked && asker.channel && asker.channel->is_dropped(sequence);
  if (!tried) {
    // The process before this one was done with it, or died of it: whoever asked has been told.
  } else if (is_dropped || is_given_up) {
    drop_handler();
  } else {
    call_handler(request);
  }
  const bool is_finished = std::exchange(in_hand_, nullptr) != nullptr;
  const bool pushes = !touched_.empty();
  commit({&now, is_finished ? 1U : 0U});
  end_turn();
  if (!is_asked) return;
  // A push has put a fence behind the finished mark.
  if (!pushes) std::atomic_thread_fence(std::memory_order_seq_cst);
  if (asker.channel && asker.channel->is_doomed(sequence)) wait_to_be_killed(now.from, sequence);
}

// The asker has given it up before it began; by force, then he waits to hear that it did not.
void actor_member::drop_handler() {
  answer{*this, in_hand_->from, in_hand_->call}.error(
      std::make_exception_ptr(cancelled{"the call was cancelled before it had begun"}));
}

// The asker has decided to kill this process because of the message that it has just finished. What is behind it must not
// begin: it would die for nothing. Where the asker itself has died instead, its channel goes.
void actor_member::wait_to_be_killed(const std::shared_ptr<connection>& from, std::uint64_t sequence) {
  while (from->channel && from->channel->is_doomed(sequence)) {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
    read_control();
  }
}

// A timer that is due and an answer that something follows: one of each, so that messages have their turn in between.
bool actor_member::take_continuation() {
  const auto run = [this](const std::function<void()>& turn) {
    begin_turn();
    turn();
    commit();
    end_turn();
  };
  const auto due = take_due_timer();
  if (due) run(due);
  if (later_.empty()) return static_cast<bool>(due);
  const auto next = std::move(later_.front());
  later_.pop_front();
  run(next);
  return true;
}

void actor_member::run_ends() {
  while (!ends_.empty() && ends_.front().after <= taken_) {
    const auto due = std::move(ends_.front().due);
    ends_.pop_front();
    begin_turn();
    due.run(due.status);
    commit();
    end_turn();
  }
}

void actor_member::call_back(const due_callback& due) {
  if (is_function_) return member::call_back(due);
  ends_.push_back({taken_ + inbox_.size(), due});
}

void actor_member::call_handler(channel::message& request) {
  const auto* const entry = entry_of(request.frame.header.method);
  const bool is_asked = in_hand_->call != 0;
  answer due{*this, is_asked ? in_hand_->from : nullptr, in_hand_->call};
  try {
    if (request.problem != 0) {
      throw refused_message{"the message could not be taken in: " +
                            std::generic_category().message(request.problem)};
    }
    if (entry == nullptr || entry->call == nullptr || entry->actor_class != actor_class_) {
      throw refused_message{"it names a method that this actor does not have"};
    }
    if (request.frame.outside == 0 && request.attached == nullptr) {
      detail::byte_reader in{request.frame.payload, this};
      entry->call(object_, in, due);
    } else {
      call_with_company(*entry, request, due);
    }
  } catch (const refused_message& problem) {
    // Bytes from another process are input: the message is refused, the actor is not at fault.
    if (is_asked) return due.error(std::current_exception());
    complain("a message from actor " + in_hand_->from->peer_name + " was refused: " + problem.what());
  } catch (...) {
    if (!is_asked) throw;
    due.error(std::current_exception());
  }
}

void actor_member::call_with_company(const detail::registrar& entry, channel::message& request, answer& due) {
  const std::function<void()> let_go = [&request] { request.pin.reset(); };
  detail::byte_reader in{request.frame.payload, this, let_go};
  in.came_with(request.attached);
  entry.call(object_, in, due);
}

void actor_member::stage_sends() {
  for (const auto& over : touched_) {
    if (!over->channel) continue;
    make_room_for_kept(over);
    if (over->channel) over->channel->stage();
  }
}

void actor_member::push_sends() {
  for (const auto& over : touched_) {
    if (over->channel) over->channel->push();
  }
  touched_.clear();
}

void actor_member::send_parts() {
  for (auto* each : parts_) each->send();
}

void actor_member::tell_parts() {
  for (auto* each : std::exchange(parts_, {})) each->sent();
}

void actor_member::commit() {
  commit(finished_);
  finished_.clear();
}

void actor_member::commit(std::span<const call_in_hand> finished) {
  send_parts();
  stage_sends();
  for (const auto& done : finished) {
    done.from->finished(done.at);
    if (done.from->channel && !switched_off("finished_mark"))
      done.from->channel->stage_finished(done.from->dealt_with());
    page_.end(done.place);
  }
  page_.commit();
  push_sends();
  for (const auto& done : finished) {
    if (!done.from->channel) continue;
    if (done.from->down && done.from->requests == 0) let_go(done.from);
    if (!done.from->channel) continue;
    done.from->channel->offer_room();
    if (handled_.empty() || handled_.back() != done.from) handled_.push_back(done.from);
  }
}

// Sends that found no room wait here, between turns. They are shown together with the turn where they fit the journal
// together; a turn that sends more than the receiver's mailbox holds is shown in parts.
void actor_member::make_room_for_kept(const std::shared_ptr<connection>& over) {
  if (!over->channel->has_kept()) return;
  // An asker that does not take its answers must not hold up others; and of messages to this actor itself only it could
  // make the room.
  if (!over->channel->has_kept_requests() || over->peer == start_.self.id) {
    if (std::find(kept_.begin(), kept_.end(), over) == kept_.end()) kept_.push_back(over);
    return;
  }
  const auto try_to = [&] {
    if (!over->channel || over->channel->append_kept()) return true;
    if (over->channel->waits_for_publication()) {
      over->channel->publish();
      over->channel->push();
    }
    return false;
  };
  wait_on(
      *over,
      [&] {
        if (try_to()) return true;
        over->channel->want_room();
        return try_to();
      },
      detail::no_deadline);
}

bool actor_member::join_turn(remote::turn_part& part) {
  if (!turn_open_ || switched_off("node_turns")) return false;
  if (std::find(parts_.begin(), parts_.end(), &part) == parts_.end()) parts_.push_back(&part);
  return true;
}

void actor_member::touched(const std::shared_ptr<connection>& over) {
  if (std::find(touched_.begin(), touched_.end(), over) == touched_.end()) touched_.push_back(over);
}

void actor_member::reply(const std::shared_ptr<connection>& over, const channel::envelope& what,
                         const detail::body& body) {
  if (!over->channel || over->down) return;  // the asker is gone
  // The handler has returned. What it has told others goes first: who has the answer may rely on that.
  if (in_hand_ != nullptr && in_hand_->from == over && in_hand_->call == what.method) send_parts();
  over->channel->append_or_keep(what, body);
  if (turn_open_) return touched(over);
  make_room_for_kept(over);
  if (!over->channel) return;
  over->channel->publish();
  over->channel->push();
}

// --- Control --------------------------------------------------------------------------------------------------------------

void actor_member::read_control() {
  control_message message;
  for (;;) {
    switch (link_.receive(message)) {
      case control_link::state::empty:
        if (is_function_) run_in_function();  // an actor does that between two messages
        return;
      case control_link::state::closed:
        platform::exit_now(1);  // the guardian is gone, and the kernel is about to end us
      case control_link::state::message: handle(message);
    }
  }
}

void actor_member::handle(control_message& message) {
  if (message.kind() == control_kind::stop) {
    if (!stop_) stop_ = message.as<stop_after>();
    if (is_function_) stopping_ = true;
  } else if (message.kind() == control_kind::cancel) {
    give_up(message.as<process_layer::cancel_call>());
  } else if (message.kind() == control_kind::inquire) {
    watch_.asked(message.as<inquire>());
  } else if (message.kind() == control_kind::deadlocked) {
    watch_.told(message.as<deadlocked>());
  } else if (!handle_control(message)) {
    throw malformed_message{"the guardian sent a control message of a kind that actors do not get"};
  } else if (!is_function_) {
    for (const auto& due : take_callbacks()) call_back(due);
  }
}

void actor_member::added(const std::shared_ptr<connection>& over) {
  if (object_ != nullptr) listen_to(over);
}

void actor_member::listen_to(const std::shared_ptr<connection>& over) {
  over->channel->keep_in_place();  // of what is in the inbox, nothing is finished
  listeners_.push_back(std::make_shared<listener>(listener{over}));
  poller_->watch(over->channel->socket(), [this, from = listeners_.back()] { can_be_read(from); });
}

void actor_member::can_be_read(const std::shared_ptr<listener>& from) {
  if (from->is_called || !from->over->is_live()) return;
  if (!from->over->channel->has_more()) return read_socket(*from);
  from->is_called = true;  // first what it calls for
  called_.push_back(from);
}

void actor_member::read_socket(const listener& from) {
  const auto socket = from.over->channel->socket();
  read_packets(from.over);
  if (!from.over->is_live() || from.over->channel->closed() || from.over->broken) poller_->forget(socket);
}

// Packets that were left in their sockets. True where there were any.
bool actor_member::read_calls() {
  if (called_.empty()) return false;
  for (const auto& from : std::exchange(called_, {})) {
    from->is_called = false;
    if (from->over->is_live()) read_socket(*from);
  }
  return true;
}

void actor_member::interrupt(connection& over) {
  const auto place = std::find_if(listeners_.begin(), listeners_.end(),
                                  [&](const auto& l) { return l->over.get() == &over; });
  if (place == listeners_.end()) return;
  poller_->forget(over.channel->socket());  // which the channel is about to close
  listeners_.erase(place);
}

bool actor_member::takes_no_more() {
  if (stopping_ || !stop_) return stopping_;
  if (stop_->sequence == 0) return stopping_ = true;
  const auto [first, end] = connections_.equal_range(stop_->client);
  const auto over = std::find_if(first, end, [&](const auto& c) {
    return c.second->channel && c.second->channel->own_slot() == channel::slot{stop_->slot};
  });
  // Where the caller has ended meanwhile, what is left of its messages is in the inbox.
  stopping_ = over != end ? over->second->dealt_with().sequence >= stop_->sequence
                          : std::none_of(inbox_.begin(), inbox_.end(),
                                         [&](const auto& i) { return i.from->peer == stop_->client; });
  return stopping_;
}

}  // namespace troupe::runtime
