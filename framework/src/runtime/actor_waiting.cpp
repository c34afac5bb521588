// Waiting in an actor, whose one thread reads the channels that it waits on and the control socket.
#include <troupe/errors.hpp>

#include "platform/clock.hpp"
#include "runtime/actor_member.hpp"

#include <algorithm>
#include <array>
#include <mutex>

namespace troupe::runtime {
namespace {

bool has_more(const connection* over) { return over->is_live() && over->channel->has_more(); }
bool is_blocked(const connection* over) { return over->is_live() && over->channel->peer_is_blocked(); }

}  // namespace

bool actor_member::wait_on_any(std::span<connection* const> overs, const condition& done,
                               detail::deadline until) {
  std::vector<platform::watched_socket> sockets(overs.size() + 1);  // the last is the control socket
  for (auto& socket : sockets) socket.ready = true;
  std::vector<std::uint32_t> peers;
  for (const auto* over : overs) peers.push_back(over->peer);
  wait_watch::wait here{watch_, peers, until};
  for (;;) {
    if (done()) return true;
    read_control();
    if (done()) return true;
    give_way_to_stop();
    here.check();
    bool progress = false;
    for (std::size_t i = 0; i < overs.size(); ++i) {
      if (!overs[i]->is_live() || !(sockets[i].ready || overs[i]->channel->has_more())) continue;
      progress = pump(overs[i]->shared_from_this()) || progress;
    }
    if (platform::time_point::clock::now() >= until) return done();
    if (progress) continue;
    for (std::size_t i = 0; i < overs.size(); ++i)
      sockets[i].number = overs[i]->is_live() ? overs[i]->channel->socket() : -1;  // poll passes over -1
    sockets.back().number = link_.socket();
    page_.set_waits_for(overs.size() == 1 ? overs.front()->peer : 0);
    page_.set_idle(true);
    const auto wake = here.before_sleep(std::all_of(overs.begin(), overs.end(), is_blocked));
    if (std::none_of(overs.begin(), overs.end(), has_more)) platform::wait_readable(sockets, wake);
    page_.set_idle(false);
    page_.set_waits_for(0);
  }
}

bool actor_member::wait_on(connection& over, const condition& done, detail::deadline until) {
  const std::array on{over.peer};
  wait_watch::wait here{watch_, on, until};
  for (;;) {
    if (done()) return true;
    read_control();
    if (done()) return true;
    give_way_to_stop();
    here.check();
    if (!over.is_live()) over.check_open();
    if (pump(over.shared_from_this())) continue;
    if (platform::time_point::clock::now() >= until) return false;
    // Said before the other's page is looked at: of two that block on each other at once, one sees the other.
    page_.set_waits_for(over.peer);
    page_.set_idle(true);
    const auto wake = here.before_sleep(over.channel->peer_is_blocked());
    if (!over.channel->has_more()) platform::wait_readable({over.channel->socket(), link_.socket()}, wake);
    page_.set_idle(false);
    page_.set_waits_for(0);
  }
}

bool actor_member::wait_for_control(const condition& done, detail::deadline until, std::uint32_t on) {
  const std::array whom{on};
  wait_watch::wait here{watch_, whom, until};
  for (;;) {
    read_control();
    {
      const std::lock_guard lock{mutex_};
      if (done()) return true;
    }
    give_way_to_stop();
    here.check();
    if (platform::time_point::clock::now() >= until) return false;
    page_.set_waits_for(on);
    platform::wait_readable({link_.socket()}, here.before_sleep(false));
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

}  // namespace troupe::runtime
