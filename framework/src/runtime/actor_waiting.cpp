// Waiting for one of several answers in an actor, whose one thread reads all their channels and the control socket.
#include "platform/clock.hpp"
#include "runtime/actor_member.hpp"

#include <algorithm>

namespace troupe::runtime {
namespace {

bool has_more(const connection* over) { return over->is_live() && over->channel->has_more(); }

}  // namespace

bool actor_member::wait_on_any(std::span<connection* const> overs, const condition& done,
                               detail::deadline until) {
  std::vector<platform::watched_socket> sockets(overs.size() + 1);  // the last is the control socket
  for (auto& socket : sockets) socket.ready = true;
  for (;;) {
    if (done()) return true;
    read_control();
    if (done()) return true;
    give_way_to_stop();
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
    if (std::none_of(overs.begin(), overs.end(), has_more)) platform::wait_readable(sockets, until);
    page_.set_idle(false);
    page_.set_waits_for(0);
  }
}

}  // namespace troupe::runtime
