// What a member does when other processes end, come back, or are to be ended.
#include <troupe/errors.hpp>
#include <troupe/switched_off.hpp>

#include "platform/process.hpp"
#include "platform/waker.hpp"
#include "process/entrance.hpp"
#include "runtime/member.hpp"

#include <utility>

namespace troupe::runtime {

using namespace process_layer;

void member::on_down_message(const process_layer::down& message) {
  std::vector<std::shared_ptr<connection>> ended;
  {
    const std::lock_guard lock{mutex_};
    const auto [first, end] = connections_.equal_range(message.actor);
    for (auto place = first; place != end; ++place) ended.push_back(place->second);
    connections_.erase(first, end);
    routes_.erase(message.actor);
  }
  for (const auto& over : ended) read_the_last(over);
  note_end(message);  // before those who asked hear of it: they may look whether it is alive
  std::erase_if(ended, [&](const auto& over) { return !end_connection(over, message.status); });
  // Who joins need not wait for the unmapping, which takes longer than all that comes before it.
  control_changed_.notify_all();
  for (const auto& over : ended) let_go(over);
}

void member::note_end(const process_layer::down& message) {
  const std::lock_guard lock{mutex_};
  const auto place = acquaintances_.find(message.actor);
  if (place == acquaintances_.end()) return;  // it connected to us, and we never had to do with it
  auto& known = place->second;
  known.name = message.name;
  known.pid = message.pid;
  if (!stopped_)
    known.down = message.status;  // else whoever waits for it hears of the stop, however late he looks
  for (auto& callback : std::exchange(known.callbacks, {}))
    due_.push_back({std::move(callback), message.status});
  ended_.push_back(message.actor);
  if (ended_.size() <= remembered_ends) return;
  acquaintances_.erase(ended_.front());  // who asks for it hears of the guardian's memory
  ended_.pop_front();
}

// Of whom we have watched. That it is not known any more says as much as its status would: it has ended.
std::optional<exit_status> member::end_of(std::uint32_t whom) const {
  const auto place = acquaintances_.find(whom);
  if (place != acquaintances_.end()) return place->second.down;
  exit_status forgotten;
  forgotten.kind = exit_kind::forgotten;
  return forgotten;
}

void member::drain(const std::shared_ptr<connection>& over) try {
  over->channel->drain([&](channel::message&& came) { take_in(over, std::move(came)); });
} catch (const error&) {
  // What a dying process left half-written is nobody's message.
}

std::shared_ptr<connection> member::find_channel(std::uint32_t peer, std::uint32_t slot) {
  const std::lock_guard lock{mutex_};
  const auto [first, end] = connections_.equal_range(peer);
  for (auto place = first; place != end; ++place) {
    const auto& over = place->second;
    if (over->channel && over->channel->own_slot() == channel::slot{slot}) return over;
  }
  return nullptr;
}

// From here on nobody reads: the connection is as if somebody else did, until there is another process.
void member::on_interrupted(const process_layer::interrupted& message) {
  const auto over = find_channel(message.actor, message.own_slot);
  if (!over) return;
  {
    std::unique_lock lock{over->mutex};
    interrupt(*over);
    // Detached already: the next process has died too, before anybody heard of it.
    over->changed.wait(lock, [&] { return !over->reading || over->is_detached; });
    over->reading = over->is_detached = true;
    // Who listened will not be called any more: left as it is, nobody would listen to the next process.
    if (over->listening) over->background = false;
    over->listening.reset();
  }
  drain(over);
  const std::lock_guard lock{over->mutex};
  over->channel->detach();
  over->settle_begun(message.status, message.again);
  over->announce();
}

void member::on_reattached(control_message& message) {
  const auto came = message.as<process_layer::reattached>();
  const auto over = find_channel(came.actor, came.own_slot);
  if (!over || message.descriptors.size() != 1) return;
  {
    const std::lock_guard lock{over->mutex};
    over->channel->reattach(std::move(message.descriptors.front()), came.epoch);
    over->channel->push();
    over->reading = over->is_detached = false;
    over->announce();
  }
  added(over);
  asked(over);
}

// As a process that takes over, where the channel is an old one.
void member::accept(control_message& message, const process_layer::accepted& what) {
  const auto over =
      add_connection(message, what.channel, "number " + std::to_string(what.channel.peer), what);
  if (what.epoch == 0) return;
  const std::lock_guard lock{over->mutex};
  over->newest = over->handled =
      over->channel->done();  // a stop may be for what the last process has handled
  over->begun_before = page_.begun(channel::slot{what.channel.own_slot});
  for (const auto& each : what.unfinished) {
    if (each.attempts != 0) over->unfinished[each.sequence] = each.goes_on ? each.attempts : 0;
  }
  over->last_call = std::uint64_t{what.epoch} << 32U;  // not among those of the last process
}

void member::read_the_last(const std::shared_ptr<connection>& over) {
  {
    std::unique_lock lock{over->mutex};
    if (!over->channel) return;
    interrupt(*over);
    over->changed.wait(lock, [&] { return !over->reading || over->is_detached; });
    over->reading = true;
  }
  if (!switched_off("accepted_arrives")) drain(over);
}

bool member::end_connection(const std::shared_ptr<connection>& over, const exit_status& status) {
  const std::lock_guard lock{over->mutex};
  if (!over->channel) return false;
  over->settle_down(status);
  over->reading = over->is_detached = false;
  over->announce();
  if (!outlives_channel(*over)) return true;
  over->channel->detach();
  return false;
}

// Nothing of it is needed any more, by a process that would take over either.
void member::let_go(const std::shared_ptr<connection>& over) {
  const auto slot = over->channel->own_slot();
  const auto head = page_.head(slot);
  {
    const std::lock_guard lock{over->mutex};
    over->channel.reset();
  }
  page_.clear(slot);  // before it can be another's: that one's peer may look at it before we do
  send_control(release{static_cast<std::uint32_t>(slot), head});
}

std::vector<member::due_callback> member::take_callbacks() {
  const std::lock_guard lock{mutex_};
  return std::exchange(due_, {});
}

void member::run_callbacks() {
  for (const auto& [run, status] : take_callbacks()) run(status);
}

void member::close_all() {
  decltype(connections_) connections;
  decltype(nodes_) nodes;  // which refer to this
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    connections.swap(connections_);
    routes_.clear();
    nodes.swap(nodes_);
  }
  for (const auto& connection : connections) {
    const auto& over = connection.second;
    {
      std::unique_lock lock{over->mutex};
      interrupt(*over);
      over->system_stopped = true;
      over->settle_all(
          std::make_exception_ptr(system_stopped{"the system was stopped before the answer came"}));
      over->changed.wait(lock, [&] { return !over->reading || over->is_detached; });
      over->listening.reset();
      over->channel.reset();  // futures and threads' memories may keep the rest for longer
      over->announce();
    }
  }
  control_changed_.notify_all();
}

acquaintance& member::watch(const detail::actor_ref& whom, std::unique_lock<std::mutex>& lock) {
  check_not_stopped();
  auto& known = acquaintances_[whom.id];
  if (known.watched) return known;
  known.watched = true;
  lock.unlock();
  send_control(process_layer::watch{whom});
  lock.lock();
  return acquaintances_[whom.id];
}

std::optional<exit_status> member::join(const detail::actor_ref& whom, detail::deadline until) {
  {
    std::unique_lock lock{mutex_};
    check_not_stopped();
    if (const auto place = acquaintances_.find(whom.id);
        place != acquaintances_.end() && place->second.down) {
      return place->second.down;
    }
    watch(whom, lock);
  }
  std::optional<exit_status> status;
  wait_for_control(
      [&] {
        status = end_of(whom.id);
        return status || stopped_;
      },
      until, whom.id);
  if (!status) {
    const std::lock_guard lock{mutex_};
    check_not_stopped();
  }
  return status;
}

// An ask that is never sent: what it waits for is what ends every ask.
std::shared_ptr<detail::pending_reply> member::ended(const detail::actor_ref& whom) {
  const auto ended_already = [this](const exit_status& status) {
    auto reply = std::make_shared<pending_ask>(shared_from_this(), nullptr, 0, 0);
    reply->settle_end(status);
    return reply;
  };
  std::shared_ptr<connection> over;
  try {
    over = find_connection(whom);
  } catch (const actor_down& down) {
    return ended_already(down.status());
  }
  std::shared_ptr<pending_ask> reply;
  {
    const std::lock_guard lock{over->mutex};
    if (over->down) return ended_already(*over->down);
    over->check_open();
    reply = std::make_shared<pending_ask>(shared_from_this(), over, 0, ++over->last_call);
    over->asks.emplace(over->last_call, reply);
  }
  asked(over);
  return reply;
}

int member::pid(const detail::actor_ref& whom) {
  std::unique_lock lock{mutex_};
  watch(whom, lock);
  lock.unlock();
  int number = 0;
  wait_for_control(
      [&] {
        const auto known = acquaintances_.find(whom.id);
        number = known == acquaintances_.end() ? 0 : known->second.pid;
        return number != 0 || end_of(whom.id) || stopped_;
      },
      detail::no_deadline);
  return number;
}

// Opened by its number, which may have been given to another process if that one has been reaped: then the guardian has told
// its end before it answers what it is asked afterwards.
int member::death_descriptor(const detail::actor_ref& whom) {
  const int number = pid(whom);
  auto opened = number != 0 ? platform::process_handle::open(number) : platform::process_handle{};
  (void)actors();
  {
    const std::lock_guard lock{mutex_};
    check_not_stopped();
    if (end_of(whom.id)) opened = {};
  }
  if (opened) return std::move(opened).take_descriptor().release();
  platform::waker ended;
  ended.wake();
  return std::move(ended).take_descriptor().release();
}

void member::on_down(const detail::actor_ref& whom, std::function<void(const exit_status&)> callback) {
  std::unique_lock lock{mutex_};
  auto& known = watch(whom, lock);
  if (!known.down) return known.callbacks.push_back(std::move(callback));
  due_callback due{std::move(callback), *known.down};
  lock.unlock();
  call_back(due);
}

void member::stop_all() {
  std::vector<detail::actor_ref> live;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [id, over] : routes_) live.push_back(acquaintances_[id].ref);
  }
  for (const auto& ref : live) stop(ref);
}

void member::stop(const detail::actor_ref& whom) {
  std::uint64_t sequence = 0;
  std::uint32_t slot = 0;
  {
    std::unique_lock lock{mutex_};
    check_not_stopped();
    if (const auto place = routes_.find(whom.id); place != routes_.end()) {
      const auto over = place->second;
      lock.unlock();
      const std::lock_guard inner{over->mutex};
      if (over->down) return;
      sequence = over->channel->last_sequence();
      slot = static_cast<std::uint32_t>(over->channel->peer_slot());
    }
  }
  send_control(process_layer::stop{whom, sequence, slot});
}

void member::signal(const detail::actor_ref& whom, int number) {
  {
    const std::lock_guard lock{mutex_};
    check_not_stopped();
  }
  send_control(process_layer::signal{whom, number});
}

}  // namespace troupe::runtime
