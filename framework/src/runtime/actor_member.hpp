// The runtime of an actor's process: one thread that reads, decodes, calls, commits and writes.
#pragma once

#include <troupe/actor_system.hpp>

#include "channel/outside.hpp"
#include "platform/poller.hpp"
#include "runtime/calls.hpp"
#include "runtime/checkpoints.hpp"
#include "runtime/inbox.hpp"
#include "runtime/member.hpp"
#include "runtime/post_box.hpp"
#include "runtime/timers.hpp"
#include "runtime/wait_watch.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::runtime {

class answer;

/// This process as an actor. Its own thread only.
///
/// A turn: take a message, call its handler, stage its replies and sends in the journals, then commit with one store what
/// was consumed and what was sent. Outside turns (a function's body, a constructor, a destructor) each send is its own.
class actor_member final : public member {
 public:
  actor_member(process_layer::control_link link, process_layer::control_message& start);

  /// Runs what the process was started for, to its end. Returns the process's exit code.
  int run();

  void reply(const std::shared_ptr<connection>& over, const channel::envelope& what,
             const detail::body& body);
  bool wait_on(connection& over, const condition& done, detail::deadline until) override;
  bool wait_on_any(std::span<connection* const> overs, const condition& done,
                   detail::deadline until) override;
  void asked(const std::shared_ptr<connection>& over) override;
  void run_later(std::function<void()> what) override { later_.push_back(std::move(what)); }

  [[nodiscard]] const process_layer::start& description() const { return start_; }
  [[nodiscard]] actor_system& system() const { return *system_; }
  void stop_self() { stopping_ = true; }
  void end_quietly() { ends_quietly_ = true; }
  /// No checkpoints are kept of an actor that is not started again.
  [[nodiscard]] bool may_return() const { return start_.may_return; }
  void save_checkpoint(std::span<const std::byte> state);
  [[nodiscard]] std::span<std::byte> checkpoint_room(std::size_t size) { return checkpoints_.room(size); }
  void extend_checkpoint(std::size_t size);
  /// What the last process saved; empty where there is nothing.
  [[nodiscard]] std::vector<std::byte> last_checkpoint() const;
  /// Of the message that is being handled.
  [[nodiscard]] std::uint32_t attempt() const { return in_hand_ != nullptr ? in_hand_->attempt : 1; }

  // What tasks, timers and this_actor ask for.
  void begin_coroutine(std::unique_ptr<detail::coroutine_handler> what, detail::replier& reply);
  void resume_when_settled(std::coroutine_handle<> where, detail::pending_reply& what);
  void resume_after(std::coroutine_handle<> where, std::chrono::nanoseconds time);
  void throw_if_cancelled();
  [[nodiscard]] bool cancel_was_requested();
  std::uint64_t add_timer(std::chrono::nanoseconds time, std::chrono::nanoseconds period,
                          std::function<void()> callback);
  void cancel_timer(std::uint64_t number) { timers_.cancel(number); }
  [[nodiscard]] bool is_function() const { return is_function_; }
  /// Made with the first poster.
  [[nodiscard]] std::shared_ptr<post_box> open_post_box();
  [[nodiscard]] bool join_turn(remote::turn_part& part) override;
  /// As a turn, once there may be room for so many bytes at that actor, or it has ended.
  void when_room(const detail::actor_ref& at, std::size_t size, std::size_t attached,
                 std::function<void()> run);
  [[nodiscard]] bool stop_was_requested();

  /// The one of this process; null outside of actors.
  [[nodiscard]] static actor_member* current();
  /// As that, for what is only for actors: throws `std::logic_error` outside of them, in the name of `what`.
  [[nodiscard]] static actor_member& current_for(const char* what);

 private:
  actor_member(process_layer::control_link link, process_layer::control_message& start,
               process_layer::start description);

  bool wait_for_control(const condition& done, detail::deadline until, std::uint32_t on = 0) override;
  template <class Channels>
  std::optional<bool> wait_reading(Channels& channels, std::span<const std::uint32_t> on,
                                   const condition& done, detail::deadline until);
  bool has_others_to_read();
  [[nodiscard]] bool in_turn() const override { return turn_open_; }
  void touched(const std::shared_ptr<connection>& over) override;
  void receive_request(const std::shared_ptr<connection>& from, channel::message&& request) override;
  void added(const std::shared_ptr<connection>& over) override;
  [[nodiscard]] bool outlives_channel(const connection& over) const override {
    return start_.may_return && over.requests != 0;
  }
  void interrupt(connection& over) override;
  void call_back(const due_callback& due) override;

  void with_arguments(const std::function<void(detail::byte_reader&)>& use);
  int run_function(const detail::registrar& what);
  int run_actor(const detail::registrar& what);
  void serve();
  [[nodiscard]] bool can_take_turn();
  bool take_turn();
  bool take_turn_from_channel();
  void handle_message(std::shared_ptr<connection> from, channel::message& request);
  [[nodiscard]] bool has_continuations() const {
    return !later_.empty() || timers_.next() != platform::never;
  }
  bool take_continuation();
  void run_in_function();
  void run_ends();
  void call_handler(channel::message& request);
  void call_with_company(const detail::registrar& entry, channel::message& request, answer& due);
  void drop_handler();
  void wait_to_be_killed(const std::shared_ptr<connection>& from, std::uint64_t sequence);
  void begin_turn() { turn_open_ = true; }
  void end_turn() {
    turn_open_ = false;
    if (!parts_.empty()) tell_parts();
  }
  void send_parts();
  void tell_parts();
  void commit();
  void commit(std::span<const call_in_hand> finished);
  void stage_sends();
  void push_sends();
  void make_room_for_kept(const std::shared_ptr<connection>& over);
  void run_segment(const std::shared_ptr<call_in_flight>& call, std::coroutine_handle<> from);
  static void end_coroutine(call_in_flight& call);
  void go_on(const std::shared_ptr<call_in_flight>& call, std::uint64_t suspension);
  void give_up(const process_layer::cancel_call& which);
  void give_up(const std::shared_ptr<call_in_flight>& call);
  std::shared_ptr<call_in_flight> suspend(std::coroutine_handle<> where);
  [[nodiscard]] std::function<void()> take_due_timer();
  void drop_callbacks();
  void take_in_everywhere();
  void send_kept();
  void look_for_room();
  void offer_room();
  [[nodiscard]] bool look_for_a_while();
  void send_last_answers();
  bool prepare_to_sleep();
  [[nodiscard]] std::vector<std::uint32_t> relied_on() const;
  void add_full_askers(std::vector<std::uint32_t>& to) const;
  [[nodiscard]] bool answer_inquiries();
  void listen_to(const std::shared_ptr<connection>& over);
  struct listener;
  void can_be_read(const std::shared_ptr<listener>& from);
  void read_socket(const listener& from);
  bool read_calls();
  void read_control();
  void handle(process_layer::control_message& message);
  /// Whether the next message is one that is still in a channel.
  [[nodiscard]] bool takes_from_channels() { return inbox_.empty() && has_free_hands() && !takes_no_more(); }
  /// Whether a handler that is a coroutine could begin.
  [[nodiscard]] bool has_free_hands() const { return in_flight_.size() < start_.in_flight; }
  [[nodiscard]] bool should_end() { return takes_no_more() && in_flight_.empty(); }
  [[nodiscard]] bool takes_no_more();
  const detail::registrar* entry_of(std::uint64_t method);
  void give_way_to_stop() const;
  int fail(const std::exception_ptr& problem);
  int end_beside_a_stop();
  void complain(const std::string& what) const;
  void report_broken(const std::exception_ptr& cause) override;

  process_layer::start start_;
  channel::pin_of<channel::outside_payload> outside_arguments_;
  detail::attached_memory attached_arguments_;
  checkpoints checkpoints_{page_};
  std::shared_ptr<actor_system> system_;
  void* object_ = nullptr;
  const void* actor_class_ = nullptr;
  detail::registrar::relies_function relies_on_ = nullptr;
  bool is_function_ = false;

  std::optional<platform::poller> poller_;  // of an actor of a class
  struct listener {
    std::shared_ptr<connection> over;
    bool is_called = false;
  };
  std::vector<std::shared_ptr<listener>> listeners_;
  std::vector<std::shared_ptr<listener>> called_;  // whose packets are not read before what they call for
  std::size_t turn_of_ = 0;                        // the listener whose messages are handled now
  std::size_t turns_in_a_row_ = 0;                 // of that one

  inbox inbox_;
  std::uint64_t taken_ = 0;  // messages, to be handled
  // Ends that callbacks wait for. What a process had sent is handled before its end is told: each waits until what was in
  // the inbox then has been taken.
  struct known_end {
    std::uint64_t after;  // so many were taken
    due_callback due;
  };
  std::deque<known_end> ends_;
  std::deque<std::function<void()>> later_;  // turns that are due, beside messages
  std::shared_ptr<post_box> posted_;
  struct wanted_room {
    std::shared_ptr<connection> at;
    std::size_t size;
    std::size_t attached;
    std::function<void()> run;
  };
  std::vector<wanted_room> room_wanted_;
  std::vector<std::shared_ptr<connection>>
      continued_;  // a function's: to be read while it waits for something else
  std::vector<std::shared_ptr<connection>> touched_;  // by the open turn
  std::vector<remote::turn_part*> parts_;             // of the open turn
  std::vector<std::shared_ptr<connection>> kept_;     // with messages that have had no room yet
  std::vector<std::shared_ptr<connection>>
      handled_;  // connections of messages handled since room was offered last
  wait_watch watch_{link_};
  spin spin_{longest_spin_};
  bool turn_open_ = false;

  call_in_hand* in_hand_ = nullptr;          // the message whose handler runs
  std::shared_ptr<call_in_flight> running_;  // where that is a coroutine
  std::vector<std::shared_ptr<call_in_flight>>
      in_flight_;                       // coroutines that are suspended, or go on just now
  std::vector<call_in_hand> finished_;  // coroutines, by the open turn
  timers timers_;
  std::int64_t now_ = 0;
  std::uint64_t last_method_ = 0;
  const detail::registrar* last_entry_ = nullptr;

  bool stopping_ = false;
  bool ends_quietly_ = false;
  std::optional<process_layer::stop_after> stop_;
};

}  // namespace troupe::runtime
