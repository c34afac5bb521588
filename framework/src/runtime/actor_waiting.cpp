// Waiting in an actor: its one thread reads the channels that it waits on, and the control socket.
#include <troupe/errors.hpp>

#include "platform/clock.hpp"
#include "runtime/actor_member.hpp"

#include <algorithm>
#include <array>
#include <mutex>

namespace troupe::runtime {
namespace {

/// The channels that one wait reads.
class reading_list {
 public:
  explicit reading_list(std::span<connection* const> overs) : awaits_some_{!overs.empty()} {
    for (auto* over : overs) add(over->shared_from_this());
  }
  bool read_also(std::span<const std::shared_ptr<connection>> others) {
    for (const auto& over : others) add(over);
    return true;
  }

  /// Reads those that may have something. True where anything came.
  template <class Read>
  [[nodiscard]] bool read(const Read& read) {
    bool progress = false;
    for (auto& each : places_) {
      const bool is_due = std::exchange(each.is_due, false);
      if (each.over->is_live()) progress = read(each.over, is_due) || progress;
    }
    return progress;
  }
  [[nodiscard]] bool has_more() const {
    return std::any_of(places_.begin(), places_.end(), [](const place& each) {
      return each.over->is_live() && each.over->channel->has_more();
    });
  }
  [[nodiscard]] bool look_for_a_while() {
    if (places_.empty()) return false;
    return places_.front().over->spin.until([this] {
      return std::any_of(places_.begin(), places_.end(), [](const place& each) {
        return each.over->is_live() && each.over->channel->has_news();
      });
    });
  }
  [[nodiscard]] bool are_blocked() const {
    return awaits_some_ && std::all_of(places_.begin(), places_.end(), [](const place& each) {
             return each.over->is_live() && each.over->channel->peer_is_blocked();
           });
  }
  void sleep(int control, detail::deadline until) {
    std::vector<platform::watched_socket> sockets{{control}};
    for (const auto& each : places_)
      sockets.push_back({each.over->is_live() ? each.over->channel->socket() : -1});  // poll passes over -1
    platform::wait_readable(sockets, until);
    for (std::size_t i = 0; i < places_.size(); ++i) places_[i].is_due = sockets[i + 1].ready;
  }

 private:
  struct place {
    std::shared_ptr<connection> over;
    bool is_due = false;  ///< its socket can be read
  };
  void add(const std::shared_ptr<connection>& over) {
    const auto same = [&](const place& each) { return each.over == over; };
    if (std::none_of(places_.begin(), places_.end(), same)) places_.push_back({over});
  }
  std::vector<place> places_;
  bool awaits_some_;
};

/// The one channel that most waits read: nothing is allocated, and nothing read but what is waited for.
class one_channel {
 public:
  explicit one_channel(connection& over) : over_{over} {}
  bool read_also(std::span<const std::shared_ptr<connection>>) { return false; }

  template <class Read>
  [[nodiscard]] bool read(const Read& read) {
    if (!over_.is_live()) over_.check_open();
    return read(over_.shared_from_this(), std::exchange(is_due_, false));
  }
  [[nodiscard]] bool has_more() const { return over_.channel->has_more(); }
  [[nodiscard]] bool look_for_a_while() {
    return over_.spin.until([this] { return over_.channel->has_news(); });
  }
  [[nodiscard]] bool are_blocked() const { return over_.channel->peer_is_blocked(); }
  void sleep(int control, detail::deadline until) {
    platform::wait_readable({over_.channel->socket(), control}, until);
    is_due_ = true;
  }

 private:
  connection& over_;
  bool is_due_ = false;
};

}  // namespace

bool actor_member::wait_on(connection& over, const condition& done, detail::deadline until) {
  one_channel only{over};
  const std::array on{over.peer};
  if (const auto ended = wait_reading(only, on, done, until)) return *ended;
  const std::array overs{&over};
  return wait_on_any(overs, done, until);
}

bool actor_member::wait_on_any(std::span<connection* const> overs, const condition& done,
                               detail::deadline until) {
  std::vector<std::uint32_t> on;
  for (const auto* over : overs) on.push_back(over->peer);
  reading_list list{overs};
  return wait_reading(list, on, done, until).value();
}

bool actor_member::wait_for_control(const condition& done, detail::deadline until, std::uint32_t on) {
  const auto locked = [&] {
    const std::lock_guard lock{mutex_};
    return done();
  };
  reading_list none{{}};
  return wait_reading(none, {&on, 1}, locked, until).value();
}

// Whether `done`, or that others are to be read too, which these channels cannot take in.
template <class Channels>
std::optional<bool> actor_member::wait_reading(Channels& channels, std::span<const std::uint32_t> on,
                                               const condition& done, detail::deadline until) {
  wait_watch::wait here{watch_, on, until};
  for (bool may_look = true;;) {
    if (done()) return true;
    read_control();
    if (done()) return true;
    give_way_to_stop();
    here.check();
    if (has_others_to_read() && !channels.read_also(continued_)) return std::nullopt;
    const bool progress = channels.read([this](const auto& over, bool can_be_read) {
      if (can_be_read) return pump_readable(over);
      return over->channel->has_news() && pump(over);
    });
    if (until != detail::no_deadline && platform::time_point::clock::now() >= until) return done();
    if (progress) {
      may_look = true;
      continue;
    }
    if (std::exchange(may_look, false) && channels.look_for_a_while()) continue;
    // Said before the other's page is looked at: of two that block on each other at once, one sees the other.
    page_.set_waits_for(on.size() == 1 ? on.front() : 0);
    page_.set_idle(true);
    const auto wake = here.before_sleep(channels.are_blocked());
    if (!channels.has_more())
      channels.sleep(link_.socket(), is_function_ ? std::min(wake, timers_.next()) : wake);
    page_.set_idle(false);
    page_.set_waits_for(0);
  }
}

void actor_member::give_way_to_stop() const {
  if (is_function_ && stopping_) throw stop_requested{"actor " + start_.name + " has been asked to stop"};
}

bool actor_member::stop_was_requested() {
  read_control();
  return stopping_ || stop_;
}

// --- What a function has asked for without waiting ------------------------------------------------------------------------

void actor_member::asked(const std::shared_ptr<connection>& over) {
  if (!is_function_ || over->continued == 0) return;
  if (std::find(continued_.begin(), continued_.end(), over) == continued_.end()) continued_.push_back(over);
}

bool actor_member::has_others_to_read() {
  std::erase_if(continued_, [](const auto& over) { return over->continued == 0; });
  return !continued_.empty() || (is_function_ && timers_.next() != platform::never);
}

std::uint64_t actor_member::add_timer(std::chrono::nanoseconds time, std::chrono::nanoseconds period,
                                      std::function<void()> callback) {
  return timers_.add(platform::deadline_after(time), period, std::move(callback));
}

std::function<void()> actor_member::take_due_timer() {
  if (timers_.next() == platform::never) return {};
  return timers_.take_due(platform::time_point::clock::now());
}

// At an orderly end: promises that callbacks hold are broken while there is somebody to say so.
void actor_member::drop_callbacks() {
  timers_ = {};
  later_.clear();
  room_wanted_.clear();
  if (posted_) poller_->forget(posted_->descriptor_number());
  ends_.clear();
  for (auto& [id, known] : acquaintances_) known.callbacks.clear();
  for (const auto& [peer, over] : connections_) over->drop_continuations();
}

void actor_member::run_in_function() {
  run_callbacks();
  if (const auto due = take_due_timer()) due();
  while (!later_.empty()) {
    const auto next = std::move(later_.front());
    later_.pop_front();
    next();
  }
}

}  // namespace troupe::runtime
