#include "system/host_member.hpp"

#include <troupe/errors.hpp>

#include "platform/packet.hpp"
#include "platform/process.hpp"

#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

namespace troupe::system_layer {
namespace {

using process_layer::control_kind;
using process_layer::control_link;
using runtime::connection;

// With more answers due than this, and nobody waiting, the background thread takes them in, so that the actor's journal
// does not fill up.
constexpr std::size_t many_asks = 64;

template <class Condition>
bool wait_until(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, detail::deadline until,
                const Condition& done) {
  if (until != detail::no_deadline) return changed.wait_until(lock, until, done);
  changed.wait(lock, done);
  return true;
}

}  // namespace

host_member::host_member(process_layer::launched_guardian guardian)
    : member{std::move(guardian.link), guardian.page}, guardian_{std::move(guardian)} {
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
  background_ = std::thread{[this] { loop_.run(); }};
}

// --- Waiting --------------------------------------------------------------------------------------------------------------

bool host_member::wait_on(connection& over, const runtime::condition& done, detail::deadline until) {
  const auto shared = over.shared_from_this();
  std::unique_lock lock{over.mutex};
  for (bool in_time = true;;) {
    if (done()) return true;
    if (!in_time) return false;
    if (over.reading || !over.channel || over.channel->closed()) {
      // Another thread reads and will tell, or the actor's end is about to be told by the background thread.
      in_time = wait_until(over.changed, lock, until, [&] {
        return done() || (!over.reading && over.channel && !over.channel->closed());
      });
      continue;
    }
    over.reading = true;
    lock.unlock();
    if (!pump(shared)) {
      page_.set_idle(true);
      if (!over.channel->has_more()) in_time = platform::wait_readable({over.channel->socket()}, until);
    }
    lock.lock();
    over.reading = false;
    over.changed.notify_all();
  }
}

bool host_member::wait_for_control(const runtime::condition& done, detail::deadline until) {
  std::unique_lock lock{mutex_};
  return wait_until(control_changed_, lock, until, done);
}

void host_member::receive_request(const std::shared_ptr<connection>& from, channel::message&&) {
  throw malformed_message{"actor " + from->peer_name + " sent a request to the host, which is no actor"};
}

void host_member::interrupt(connection& over) {
  if (over.channel) platform::shut_down(over.channel->socket());
}

void host_member::asked(const std::shared_ptr<connection>& over) {
  const std::lock_guard lock{over->mutex};
  if (over->background || over->asks.size() < many_asks) return;
  over->background = true;
  boost::asio::post(loop_, [this, over] { read_in_background(over); });
}

void host_member::read_in_background(const std::shared_ptr<connection>& over) {
  {
    const std::lock_guard lock{over->mutex};
    over->background = !over->reading && over->channel && !over->channel->closed() && !over->asks.empty();
    if (!over->background) return;
    over->reading = true;
  }
  while (pump(over)) {
  }
  {
    const std::lock_guard lock{over->mutex};
    over->reading = false;
    auto ready = std::make_shared<process_layer::readiness>(loop_, over->channel->socket());
    over->listening = ready;
    ready->when_readable([this, over] {
      {
        const std::lock_guard again{over->mutex};
        over->listening.reset();
      }
      read_in_background(over);
    });
  }
  over->changed.notify_all();
}

// --- The background thread ------------------------------------------------------------------------------------------------

void host_member::listen_to_control() {
  control_ready_.when_readable([this] {
    const bool open = read_control();
    run_callbacks();
    if (open) {
      listen_to_control();
    } else {
      close_all();
    }
  });
}

void host_member::listen_to_guardian() {
  guardian_ended_.when_readable([this] { close_all(); });
}

bool host_member::read_control() {
  process_layer::control_message message;
  for (;;) {
    switch (link_.receive(message)) {
      case control_link::state::closed: return false;
      case control_link::state::empty: return true;
      case control_link::state::message: break;
    }
    if (message.kind() == control_kind::stopped) {
      const std::lock_guard lock{mutex_};
      report_ = message.as<process_layer::stopped>();
      control_changed_.notify_all();
    } else {
      handle_control(message);
    }
  }
}

stop_report host_member::shut_down(std::chrono::milliseconds grace) {
  if (!background_.joinable()) return {};
  bool open = false;
  {
    const std::lock_guard lock{mutex_};
    open = !std::exchange(is_ending_, true) && !stopped_;
  }
  if (open) {
    try {
      stop_all();
      send_control(process_layer::shutdown{static_cast<std::uint64_t>(grace.count())});
      wait_for_control([&] { return report_ || stopped_; },
                       platform::deadline_after(grace + std::chrono::seconds{1}));
    } catch (const error&) {
      // The guardian is gone, and everything with it.
    }
  }
  boost::asio::post(loop_, [this] {  // what the background thread listens to, only it lets go
    close_all();
    control_ready_.end();
    guardian_ended_.end();
    loop_.stop();
  });
  background_.join();
  link_.close();  // which ends the guardian
  if (!guardian_.process.reap(platform::deadline_after(std::chrono::seconds{1})) &&
      guardian_.process.send(platform::kill_signal)) {
    guardian_.process.reap(platform::never);
  }
  stop_report ended;
  if (report_) {
    for (auto& actor : report_->actors) {
      auto& list = actor.killed ? ended.killed : ended.stopped;
      list.push_back({std::move(actor.name), actor.pid, std::move(actor.status)});
    }
  }
  return ended;
}

}  // namespace troupe::system_layer
