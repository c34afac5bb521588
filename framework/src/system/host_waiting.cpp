// Waiting in the host: threads that wait read their channels themselves, one at a time reads each, and the background
// thread reads where an answer is due that nobody may be waiting for.
#include <troupe/errors.hpp>

#include "platform/packet.hpp"
#include "platform/waker.hpp"
#include "system/host_member.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <vector>

namespace troupe::system_layer {
namespace {

using runtime::connection;

// With more answers due than this, and nobody waiting, the background thread takes them in, so that the actor's journal
// does not fill up.
constexpr std::size_t many_asks = 64;
// A look at more channels than this takes as long as to be woken.
constexpr std::size_t most_looked_at = 16;

template <class Condition>
bool wait_until(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, detail::deadline until,
                const Condition& done) {
  if (until != detail::no_deadline) return changed.wait_until(lock, until, done);
  changed.wait(lock, done);
  return true;
}

thread_local const host_member* this_background = nullptr;  // whose background thread this is

bool is_open(const connection& over) { return over.is_live() && !over.channel->closed(); }

}  // namespace

void host_member::run_in_background() {
  this_background = this;
  loop_.run();
}

// With `reading` set. Other threads of this process sleep, so it is only this channel's packets that need not come.
bool host_member::look_for_a_while(connection& over) {
  over.channel->watch(true);
  const bool came = over.spin.until([&] { return over.channel->has_news(); });
  over.channel->watch(false);
  return came;
}

bool host_member::wait_on(connection& over, const runtime::condition& done, detail::deadline until) {
  const auto shared = over.shared_from_this();
  std::unique_lock lock{over.mutex};
  // Not asked again once it has said yes: for a sender that means that the message has been sent.
  bool is_done = false;
  const auto check = [&] { return is_done = is_done || done(); };
  const auto is_late = [until] {
    return until != detail::no_deadline && platform::time_point::clock::now() >= until;
  };
  bool may_look = !is_late();
  for (bool in_time = true;;) {
    if (check() || !in_time) {
      listen_where_due(over);
      return is_done;
    }
    if (over.reading || !over.channel || over.channel->closed()) {
      // Another thread reads and will tell, or the actor's end is about to be told by the background thread.
      in_time = wait_until(over.changed, lock, until, [&] {
        return check() || (!over.reading && over.channel && !over.channel->closed());
      });
      continue;
    }
    over.reading = true;
    lock.unlock();
    // Looked for again only once something has come: what is on its way and does not come is waited for in the kernel.
    const bool came = over.channel->has_news() || (may_look && look_for_a_while(over));
    may_look = came && pump(shared);
    if (!may_look) {
      page_.set_idle(true);
      if (!over.channel->has_more()) {
        in_time = platform::wait_readable({over.channel->socket(), interruption_.descriptor_number()}, until);
        may_look = pump_readable(shared);
      }
    }
    in_time = in_time && !is_late();
    lock.lock();
    over.reading = false;
    over.announce();
  }
}

/// The connections that one thread waits on together. It reads those that nobody reads; of the others, and of those that
/// are about to end, it is told by whoever does, through an event of its own.
class host_member::joint_wait {
 public:
  explicit joint_wait(std::span<connection* const> overs) {
    for (auto* over : overs) places_.push_back({over});
  }
  joint_wait(const joint_wait&) = delete;
  joint_wait& operator=(const joint_wait&) = delete;
  ~joint_wait() {
    for (auto& each : places_) {
      const std::lock_guard lock{each.over->mutex};
      stop_watching(each);
      if (each.reads) stop_reading(each);
      host_of(each).listen_where_due(*each.over);
    }
  }

  /// Becomes the reader where there is none, and a watcher elsewhere.
  void take_places() {
    for (auto& each : places_) {
      const std::lock_guard lock{each.over->mutex};
      const bool open = is_open(*each.over);
      if (each.reads && !open) stop_reading(each);
      if (!each.reads && open && !each.over->reading) {
        each.over->reading = each.reads = true;
        stop_watching(each);
      }
      if (!each.reads && !each.watches) watch(each);
    }
  }

  /// Takes in what has come on the channels that this thread reads.
  bool pump() {
    bool progress = false;
    for (auto& each : places_) {
      if (!each.reads) continue;
      const auto over = each.over->shared_from_this();
      auto& host = host_of(each);
      const bool can_be_read = std::exchange(each.is_due, false);
      if (!can_be_read && !over->channel->has_more()) continue;
      if (!(can_be_read ? host.pump_readable(over) : host.pump(over))) continue;
      progress = true;
      const std::lock_guard lock{each.over->mutex};
      each.over->announce();
    }
    return progress;
  }

  /// Whether something has come meanwhile on the channels that this thread reads.
  bool look_for_a_while() {
    if (places_.empty() || places_.size() > most_looked_at) return false;
    if (!places_.front().reads) return false;  // its spin is another thread's
    for (const auto& each : places_) set_watching(each, true);
    const bool came = places_.front().over->spin.until([this] {
      return std::any_of(places_.begin(), places_.end(),
                         [](const place& each) { return each.reads && each.over->channel->has_news(); });
    });
    for (const auto& each : places_) set_watching(each, false);
    return came;
  }

  /// To be called after the page says that this process sleeps. False at the deadline.
  bool sleep(detail::deadline until) {
    std::vector<platform::watched_socket> sockets;
    for (const auto& each : places_) {
      if (each.reads && each.over->channel->has_more()) return true;
      sockets.push_back({each.reads ? each.over->channel->socket() : -1});  // poll passes over -1
    }
    if (!places_.empty()) sockets.push_back({host_of(places_.front()).interruption_.descriptor_number()});
    if (waker_) sockets.push_back({waker_->descriptor_number()});
    const bool in_time = platform::wait_readable(sockets, until);
    for (std::size_t i = 0; i < places_.size(); ++i) places_[i].is_due = sockets[i].ready;
    if (waker_) waker_->clear();
    return in_time;
  }

 private:
  struct place {
    connection* over;
    bool reads = false;
    bool watches = false;
    bool is_due = false;  ///< its socket can be read
  };

  static host_member& host_of(const place& which) { return static_cast<host_member&>(which.over->owner); }
  static void set_watching(const place& which, bool on) {
    if (which.reads) which.over->channel->watch(on);
  }
  static void stop_reading(place& which) {
    which.over->reading = which.reads = false;
    which.over->announce();
  }
  void watch(place& which) {
    if (!waker_) waker_.emplace();
    which.over->watchers.push_back(&*waker_);
    which.watches = true;
  }
  void stop_watching(place& which) {
    if (which.watches) std::erase(which.over->watchers, &*waker_);
    which.watches = false;
  }

  std::vector<place> places_;
  std::optional<platform::waker> waker_;
};

bool host_member::wait_on_any(std::span<connection* const> overs, const runtime::condition& done,
                              detail::deadline until) {
  if (done()) return true;
  joint_wait waiting{overs};
  for (bool may_look = true;;) {
    waiting.take_places();
    if (done()) return true;  // others may have settled it before this thread had its places
    const bool progress = waiting.pump();
    if (done()) return true;
    if (platform::time_point::clock::now() >= until) return false;
    if (progress) {
      may_look = true;
      continue;
    }
    if (std::exchange(may_look, false) && waiting.look_for_a_while()) continue;
    page_.set_idle(true);
    waiting.sleep(until);
  }
}

bool host_member::wait_for_control(const runtime::condition& done, detail::deadline until, std::uint32_t) {
  if (this_background == this) return wait_for_control_in_background(done, until);
  std::unique_lock lock{mutex_};
  return wait_until(control_changed_, lock, until, done);
}

// A callback starts a process, or asks for one's number: there is no other thread that would read the answer.
bool host_member::wait_for_control_in_background(const runtime::condition& done, detail::deadline until) {
  boost::asio::post(loop_,
                    [this] { run_callbacks(); });  // ends that are read here are told when this one has ended
  for (;;) {
    {
      const std::lock_guard lock{mutex_};
      if (done()) return true;
    }
    if (!platform::wait_readable({link_.socket()}, until)) return false;
    if (!read_control()) close_all();
  }
}

void host_member::receive_request(const std::shared_ptr<connection>& from, channel::message&&) {
  throw malformed_message{"actor " + from->peer_name + " sent a request to the host, which is no actor"};
}

void host_member::interrupt(connection& over) {
  if (over.channel) platform::shut_down(over.channel->socket());
}

void host_member::asked(const std::shared_ptr<connection>& over) {
  const std::lock_guard lock{over->mutex};
  listen_where_due(*over);
}

// With the connection's mutex held, by whoever asks, and whoever ends reading.
void host_member::listen_where_due(connection& over) {
  if (over.background || over.reading || (over.continued == 0 && over.asks.size() < many_asks)) return;
  over.background = true;
  boost::asio::post(loop_, [this, shared = over.shared_from_this()] { read_in_background(shared); });
}

void host_member::read_in_background(const std::shared_ptr<connection>& over) {
  {
    const std::lock_guard lock{over->mutex};
    over->background = !over->reading && over->channel && !over->channel->closed() && !over->asks.empty();
    if (!over->background) return;
    over->reading = true;
  }
  do {
    while (pump(over)) {
    }
    page_.set_idle(true);
  } while (over->channel->has_more());
  {
    const std::lock_guard lock{over->mutex};
    over->reading = false;
    over->announce();
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
}

}  // namespace troupe::system_layer
