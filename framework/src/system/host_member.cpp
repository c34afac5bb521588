#include "system/host_member.hpp"

#include <troupe/errors.hpp>

#include "platform/packet.hpp"
#include "platform/process.hpp"
#include "platform/session.hpp"
#include "registry/registry.hpp"

#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>
#include <vector>

namespace troupe::system_layer {
namespace {

using process_layer::control_kind;
using process_layer::control_link;
}  // namespace

host_member::host_member(process_layer::launched_guardian guardian, const system_options& options)
    : member{std::move(guardian.link), guardian.page, options.spin},
      guardian_{std::move(guardian)},
      grace_{options.grace} {
  numbers_kept_.release();
  // Whoever reads sleeps in the kernel, so every send to the host may have to wake somebody.
  page_.set_idle(true);
}

host_member::~host_member() { shut_down(std::chrono::milliseconds{0}); }

void host_member::start() {
  control_ready_.watch(link_.socket());
  guardian_ended_.watch(guardian_.process.descriptor_number());
  listen_to_control();
  listen_to_guardian();
  const platform::signals_blocked in_the_new_thread;  // the host's handlers are for the host's threads
  background_ = std::thread{[this] { run_in_background(); }};
}

// --- The background thread ------------------------------------------------------------------------------------------------

void host_member::listen_to_control() {
  control_ready_.when_readable([this] {
    const bool open = read_control();
    run_callbacks();
    if (open) {
      listen_to_control();
    } else {
      lose_guardian();
    }
  });
}

void host_member::listen_to_guardian() {
  guardian_ended_.when_readable([this] { lose_guardian(); });
}

bool host_member::read_control() {
  process_layer::control_message message;
  for (;;) {
    switch (link_.receive(message)) {
      case control_link::state::closed: return false;
      case control_link::state::empty: return true;
      case control_link::state::message: break;
    }
    if (message.kind() == control_kind::unhandled) {
      if (!message.lost) letters_.take(message.as<process_layer::unhandled>());
    } else if (message.kind() == control_kind::escalated) {
      if (!message.lost) {
        const auto told = message.as<process_layer::escalated>();
        escalated_.call({told.group, told.causes});
      }
    } else if (message.kind() == control_kind::hangs) {
      if (!message.lost) tell_hang(message.as<process_layer::hangs>());
    } else if (message.kind() == control_kind::stopped) {
      const std::lock_guard lock{mutex_};
      report_ = message.lost ? process_layer::stopped{} : message.as<process_layer::stopped>();
      control_changed_.notify_all();
    } else {
      handle_control(message);
    }
  }
}

void host_member::tell_hang(const process_layer::hangs& told) {
  const auto* const method = registry::find(detail::entry_id{told.method});
  hung_.call({told.actor, told.pid, told.sign, std::chrono::milliseconds{told.since_milliseconds},
              method == nullptr ? "" : method->display_name(), told.waits_for});
}

void host_member::run_later(std::function<void()> what) {
  {
    const std::lock_guard lock{ending_};
    if (!background_ended_) {
      boost::asio::post(loop_, std::move(what));
      return;
    }
  }
  what();
}

// What was posted after the background thread had looked for the last time; later ones are run by whoever brings them.
void host_member::run_what_is_left() {
  {
    const std::lock_guard lock{ending_};
    background_ended_ = true;
  }
  loop_.restart();
  loop_.poll();
}

void host_member::lose_guardian() {
  {
    const std::lock_guard lock{mutex_};
    guardian_is_gone_ = true;
  }
  close_all();
}

// --- The end --------------------------------------------------------------------------------------------------------------

void host_member::handle_signals() {
  {
    const std::lock_guard lock{mutex_};
    check_not_stopped();
  }
  const std::lock_guard lock{ending_};
  if (signals_) return;
  signals_.emplace();
  boost::asio::post(loop_, [this, number = signals_->descriptor_number()] {
    signal_came_.watch(number);
    signal_came_.when_readable([this] { end_by_signal(); });
  });
}

// Everything is asked to stop as by `shut_down`, which collects the report later. The host's own threads do not wait for
// that: channels stay open, so that what was accepted is handled, but nobody gets an answer over them any more.
void host_member::end_by_signal() {
  {
    const std::lock_guard lock{ending_};
    interrupted_by_ = signals_->number();
  }
  if (!begin_ending(grace_)) return;
  std::vector<std::shared_ptr<runtime::connection>> open;
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    for (const auto& [peer, over] : connections_) open.push_back(over);
  }
  interruption_.wake();
  for (const auto& over : open) {
    const std::lock_guard lock{over->mutex};
    over->system_stopped = true;
    over->settle_all(std::make_exception_ptr(system_stopped{"the system was stopped by a signal"}));
    over->announce();
  }
  control_changed_.notify_all();
}

// False where it has begun already, or there is nothing left to end.
bool host_member::begin_ending(std::chrono::milliseconds grace) try {
  letters_.mark_the_end();
  {
    const std::lock_guard lock{mutex_};
    if (std::exchange(is_ending_, true) || stopped_) return false;
  }
  stop_all();
  send_control(process_layer::shutdown{static_cast<std::uint64_t>(grace.count())});
  return true;
} catch (const error&) {
  return false;  // the guardian is gone, and everything with it
}

std::vector<std::string> host_member::residue() {
  std::vector<std::string> all;
  for (const auto& [pid, name] : platform::processes_of_session(guardian_.pid))
    all.push_back("process " + std::to_string(pid) + " (" + name + ")");
  const std::lock_guard lock{mutex_};
  for (const auto& [peer, over] : connections_) {
    const std::lock_guard channel{over->mutex};
    if (over->channel) all.push_back("channel to " + over->peer_name);
  }
  if (background_.joinable()) all.push_back("the background thread");
  return all;
}

stop_report host_member::shut_down(std::chrono::milliseconds grace) {
  if (!background_.joinable()) return {};
  begin_ending(grace);
  wait_for_control([&] { return report_ || guardian_is_gone_; },
                   platform::deadline_after(grace + std::chrono::seconds{1}));
  boost::asio::post(loop_, [this] {  // what the background thread listens to, only it lets go
    close_all();
    control_ready_.end();
    guardian_ended_.end();
    signal_came_.end();
    keep_running_.reset();  // not stop: callbacks that are due are run first
  });
  background_.join();
  run_what_is_left();
  close_link();  // which ends the guardian
  if (!guardian_.process.reap(platform::deadline_after(std::chrono::seconds{1})) &&
      guardian_.process.send(platform::kill_signal)) {
    guardian_.process.reap(platform::never);
  }
  {
    const std::lock_guard lock{ending_};
    signals_.reset();  // not before: a second signal in the meantime does not wait for all that
  }
  stop_report ended;
  ended.unhandled = letters_.since_the_end();
  if (report_) {
    for (auto& actor : report_->actors) {
      auto& list = actor.killed ? ended.killed : ended.stopped;
      list.push_back({std::move(actor.name), actor.pid, std::move(actor.status)});
    }
  }
  return ended;
}

}  // namespace troupe::system_layer
