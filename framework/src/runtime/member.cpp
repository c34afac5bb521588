#include "runtime/member.hpp"

#include <troupe/errors.hpp>
#include <troupe/switched_off.hpp>

#include "channel/outside.hpp"
#include "platform/module.hpp"
#include "platform/packet.hpp"
#include "platform/process.hpp"
#include "process/entrance.hpp"
#include "registry/registry.hpp"
#include "wire/shared_memory.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace troupe::runtime {
namespace {

using namespace process_layer;

std::atomic<std::uint64_t> last_serial{0};

constexpr std::size_t longest_name = 1024;

platform::limits to_platform(const resource_limits& wanted) {
  constexpr auto almost_a_second = std::chrono::milliseconds{999};
  const auto time = std::max(wanted.cpu_time, std::chrono::milliseconds{0});
  platform::limits limits;
  limits.private_data = wanted.private_data;
  limits.cpu_seconds =
      static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(time + almost_a_second).count());
  limits.cpus.assign(wanted.cpus.begin(), wanted.cpus.end());
  limits.niceness = wanted.niceness;
  limits.open_files = wanted.open_files;
  return limits;
}

// Says where the entry is, for a process that does not have it.
void name_module(process_layer::spawn& message, detail::entry_id what) {
  const auto* const entry = registry::find(what);
  const auto module = entry == nullptr ? std::nullopt : platform::module_of(entry);
  if (!module) return;
  message.module = module->path;
  message.in_program = module->is_program;
  if (!module->has_build_id && !module->is_program) {
    throw start_failed{"build id",
                       message.default_name + " is in " + module->path +
                           ", which was linked without a build id, so that no other process can tell "
                           "what is in it; link it with -Wl,--build-id"};
  }
}

void order_group(process_layer::spawn& message, const group& which) {
  if (message.restart.when != restart::never)
    throw std::invalid_argument{"troupe: spawn_options has a group and a restart policy: the group's counts"};
  const auto& options = which.options();
  message.restart = options.restart;
  message.group = {which.number(), options.name, options.strategy,
                   static_cast<std::uint64_t>(options.grace.count())};
}

// The connection that this thread used last: most threads talk to one actor for a while.
struct last_used {
  std::uint64_t serial = 0;
  std::uint32_t peer = 0;
  std::shared_ptr<connection> over;
};
thread_local last_used last;

}  // namespace

member::member(control_link link, const platform::descriptor& page, std::chrono::nanoseconds longest_spin,
               std::uint32_t incarnation)
    : longest_spin_{platform::cpus_by_affinity() > 1 ? longest_spin : std::chrono::nanoseconds{0}},
      link_{std::move(link)},
      page_{page},
      last_request_{request_number{incarnation} << 32U},
      serial_{++last_serial} {}

void member::check_not_stopped() const {
  if (stopped_) throw system_stopped{"the system has been stopped"};
}

void member::throw_guardian_gone() {
  throw system_stopped{"the system has been stopped: its guardian is gone"};
}

// --- Requests to the guardian -------------------------------------------------------------------------------------------

void member::open_request(request_number& number) {
  const std::lock_guard lock{mutex_};
  check_not_stopped();
  number = ++last_request_;
  requests_.try_emplace(number);
}

member::guardian_request member::wait_for(request_number number) {
  const auto take = [&] {
    const std::lock_guard lock{mutex_};
    return std::move(requests_.extract(number).mapped());
  };
  try {
    wait_for_control([&] { return stopped_ || requests_.at(number).done; }, detail::no_deadline);
  } catch (...) {
    take();
    throw;
  }
  auto answered = take();
  if (!answered.done) throw system_stopped{"the system has been stopped"};
  return answered;
}

detail::endpoint::spawned member::spawn(detail::entry_id what, const std::string& default_name,
                                        const spawn_options& options, const detail::body& arguments) {
  if (options.in_flight < 1 || options.in_flight > channel::max_in_flight)
    throw std::invalid_argument{"troupe: spawn_options::in_flight must be 1 to 16"};
  if (options.name.size() > longest_name) {
    throw std::invalid_argument{"troupe: an actor's name has at most " + std::to_string(longest_name) +
                                " bytes: this one has " + std::to_string(options.name.size())};
  }
  if (options.on.node != 0) {
    if (options.group)
      throw std::invalid_argument{"troupe: a group's members are on one node: leave .on away"};
    detail::actor_ref place{0, options.on.node, 0};
    if (const auto there = home(place); there.get() != this)
      return there->spawn(what, default_name, options, arguments);
  }
  process_layer::spawn message;
  message.entry = static_cast<std::uint64_t>(what);
  message.name = options.name;
  message.default_name = default_name;
  message.mailbox_messages = options.mailbox_messages;
  message.mailbox_bytes = options.mailbox_bytes;
  message.lane = options.lane;
  message.in_flight = options.in_flight;
  message.restart = options.restart;
  message.max_attempts = options.max_attempts;
  if (options.grace)
    message.grace_milliseconds = static_cast<std::uint64_t>(std::max(options.grace->count(), 0L));
  if (const auto* const entry = registry::find(what); entry == nullptr || entry->run == nullptr)
    message.hangs = options.on_hang;
  if (options.group) order_group(message, *options.group);
  message.start = options.start;
  message.limits = to_platform(options.limits);
  name_module(message, what);
  platform::descriptor outside;
  if (arguments.size > max_inside_arguments) {
    message.outside_arguments = arguments.size;
    outside = channel::write_outside("troupe-arguments", arguments);
  } else if (arguments.size != 0) {
    message.arguments.resize(arguments.size);
    detail::byte_writer out{std::as_writable_bytes(std::span{message.arguments})};
    arguments.write(arguments.values, out);
  }
  message.attached = static_cast<std::uint32_t>(arguments.attached.size());
  open_request(message.request);
  send_control(message, wire::numbers_of(arguments.attached, outside));
  outside.reset();  // from here on the actor's alone
  auto answered = wait_for(message.request);
  if (!answered.made) throw start_failed{answered.refusal.stage, answered.refusal.why};
  return std::move(*answered.made);
}

void member::preload(const std::string& path) {
  process_layer::preload message;
  message.module = process_layer::whole_module_path(path);
  open_request(message.request);
  send_control(message);
  if (auto answered = wait_for(message.request); !answered.refusal.stage.empty())
    throw start_failed{answered.refusal.stage, answered.refusal.why};
}

member::listed_actors member::actors() {
  process_layer::list message;
  open_request(message.request);
  send_control(message);
  auto answered = wait_for(message.request);
  return {answered.host_pid, std::move(answered.actors)};
}

std::shared_ptr<connection> member::find_connection(const detail::actor_ref& to) {
  if (last.serial == serial_ && last.peer == to.id && !stopped_) return last.over;
  return look_up_connection(to);
}

// Apart from the way that most calls go, which is short then.
std::shared_ptr<connection> member::look_up_connection(const detail::actor_ref& to) {
  {
    const std::lock_guard lock{mutex_};
    check_not_stopped();
    if (const auto place = routes_.find(to.id); place != routes_.end()) {
      last = {serial_, to.id, place->second};
      return place->second;
    }
  }
  return connect(to);
}

std::shared_ptr<connection> member::connect(const detail::actor_ref& to) {
  process_layer::connect message{0, to};
  open_request(message.request);
  {
    const std::lock_guard lock{mutex_};
    acquaintances_[to.id].ref = to;
  }
  send_control(message);
  auto answered = wait_for(message.request);
  if (answered.over) return answered.over;
  const std::lock_guard lock{mutex_};
  const auto& known = acquaintances_[to.id];
  if (known.down) throw actor_down{known.name, call_fate::gone, *known.down};
  throw start_failed{answered.refusal.stage, answered.refusal.why};
}

// --- Sending --------------------------------------------------------------------------------------------------------------

bool member::tell(const detail::actor_ref& to, detail::entry_id method, const detail::body& arguments,
                  detail::patience how) {
  const auto over = find_connection(to);
  const channel::envelope what{wire::frame_kind::tell, static_cast<std::uint64_t>(method), 0};
  const bool waits = how == detail::patience::wait;
  std::unique_lock lock{over->mutex};
  over->check_open();
  auto& channel = *over->channel;
  if (in_turn() && waits) {
    channel.append_or_keep(what, arguments);
  } else if (channel.has_kept() || !channel.append(what, arguments)) {
    lock.unlock();
    if (waits) send_now(over, what, arguments, [](std::uint64_t) {});
    return waits;
  }
  if (in_turn() && !switched_off("commit_record")) {
    touched(over);
  } else {
    channel.publish();
    channel.push();
  }
  return true;
}

void member::tell_at_once(const detail::actor_ref& to, detail::entry_id method,
                          const detail::body& arguments) {
  const auto over = find_connection(to);
  send_now(over, {wire::frame_kind::tell, static_cast<std::uint64_t>(method), 0}, arguments,
           [](std::uint64_t) {});
}

std::shared_ptr<detail::pending_reply> member::ask(const detail::actor_ref& to, detail::entry_id method,
                                                   const detail::body& arguments) {
  const auto over = find_connection(to);
  const channel::envelope what{wire::frame_kind::ask, static_cast<std::uint64_t>(method), 0};
  std::shared_ptr<pending_ask> pending;
  const auto sent = [&](std::uint64_t call) {
    pending = std::make_shared<pending_ask>(shared_from_this(), over, over->channel->last_sequence(), call);
    over->asks.emplace(call, pending);
  };
  send_now(over, what, arguments, std::ref(sent));  // by reference: a copy would take memory
  asked(over);
  return pending;
}

void member::cancel_call(std::uint32_t peer, std::uint32_t slot, std::uint64_t call) {
  process_layer::cancel message{{}, slot, call};
  {
    const std::lock_guard lock{mutex_};
    message.whom = acquaintances_[peer].ref;
    if (stopped_) return;
  }
  try {
    send_control(message);
  } catch (const system_stopped&) {
    // Nobody is left to tell.
  }
}

void member::kill_peer(std::uint32_t peer) {
  detail::actor_ref whom;
  {
    const std::lock_guard lock{mutex_};
    whom = acquaintances_[peer].ref;
    if (stopped_) return;
  }
  try {
    send_control(process_layer::signal{whom, platform::kill_signal});
  } catch (const system_stopped&) {
    // It ends with its guardian.
  }
}

void member::send_now(const std::shared_ptr<connection>& over, channel::envelope what,
                      const detail::body& body, const std::function<void(std::uint64_t call)>& sent) {
  const auto try_to = [&] {
    over->check_open();
    auto& channel = *over->channel;
    if (what.kind == wire::frame_kind::ask) what.call = over->last_call + 1;  // in the order of the frames
    const bool appended = channel.append_kept() && channel.append(what, body);
    // Without an own message in it, an open turn's earlier sends are shown only where the turn itself is in their way.
    if (!appended && !channel.waits_for_publication()) return false;
    if (appended) {
      over->last_call = std::max(over->last_call, what.call);
      sent(what.call);
    }
    channel.publish();
    channel.push();
    return appended;
  };
  {
    const std::lock_guard lock{over->mutex};
    if (try_to()) return;
  }
  const auto try_again = [&] {
    if (try_to()) return true;
    over->channel->want_room();  // and look again: room made before that brings no packet
    return try_to();
  };
  wait_on(*over, try_again, detail::no_deadline);
}

// --- Receiving ------------------------------------------------------------------------------------------------------------

void member::take_in(const std::shared_ptr<connection>& over, channel::message&& came) {
  if (came.frame.is_reply()) return take_in_reply(over, std::move(came));
  over->came(came);
  receive_request(over, std::move(came));
}

void member::take_in_reply(const std::shared_ptr<connection>& over, channel::message&& came) {
  const channel::progress at{came.frame.header.sequence, came.end};
  const std::lock_guard lock{over->mutex};
  over->newest = at;
  over->settle(std::move(came));
  if (over->requests != 0) return;
  over->channel->publish_finished(at);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // pairs with channel::want_room's
  over->channel->offer_room();
}

bool member::pump(const std::shared_ptr<connection>& over) try {
  if (over->broken) return false;
  return over->channel->pump([&](channel::message&& came) { take_in(over, std::move(came)); });
} catch (const malformed_message& problem) {
  return close_broken(over, problem);
}

bool member::pump_readable(const std::shared_ptr<connection>& over) try {
  if (over->broken) return false;
  return over->channel->pump_readable([&](channel::message&& came) { take_in(over, std::move(came)); });
} catch (const malformed_message& problem) {
  return close_broken(over, problem);
}

bool member::next_request(const std::shared_ptr<connection>& over, channel::message& request) try {
  while (over->is_live() && over->channel->next(request)) {
    if (!request.frame.is_reply()) {
      over->came(request);
      return true;
    }
    take_in_reply(over, std::move(request));
    request = {};
  }
  return false;
} catch (const malformed_message& problem) {
  close_broken(over, problem);
  return false;
}

void member::read_packets(const std::shared_ptr<connection>& over) try {
  if (!over->broken) (void)over->channel->read_packets();
} catch (const malformed_message& problem) {
  close_broken(over, problem);
}

// False where that has been done already.
bool member::close_broken(const std::shared_ptr<connection>& over, const malformed_message& problem) {
  const auto cause = std::make_exception_ptr(malformed_message{"the connection to actor " + over->peer_name +
                                                               " has been closed: " + problem.what()});
  if (!break_off(*over, cause)) return false;
  report_broken(cause);
  return true;
}

// Nothing comes over it any more. False where that is so already.
bool member::break_off(connection& over, const std::exception_ptr& cause) {
  const std::lock_guard lock{over.mutex};
  if (over.broken) return false;
  over.broken = cause;
  over.settle_all(cause);
  platform::shut_down(over.channel->socket());
  over.announce();
  return true;
}

std::shared_ptr<connection> member::add_connection(control_message& message, const channel_numbers& numbers,
                                                   const std::string& name, const accepted& old) {
  if (message.descriptors.size() != channel_descriptors || numbers.outgoing > channel::direction::back)
    throw malformed_message{"a channel came without its descriptors, or with a journal that there is not"};
  auto& given = message.descriptors;
  channel::channel_parts parts{std::move(given[0]),
                               std::move(given[1]),
                               std::move(given[2]),
                               numbers.outgoing,
                               channel::slot{numbers.own_slot},
                               channel::slot{numbers.peer_slot},
                               numbers.peer,
                               old.epoch,
                               old.peer_has_died};
  auto over = std::make_shared<connection>(*this, page_, std::move(parts), name, longest_spin_);
  if (numbers.peer_may_return) over->channel->keep_outside();
  added(over);
  const std::lock_guard lock{mutex_};
  connections_.emplace(numbers.peer, over);
  routes_.try_emplace(numbers.peer, over);
  return over;
}

template <class Fill>
void member::complete(request_number number, Fill fill) {
  const auto place = requests_.find(number);
  if (place == requests_.end()) return;  // whoever asked has given up
  fill(place->second);
  place->second.done = true;
}

// The guardian has made a channel or an actor for us, and what belongs to it found no room here.
void member::on_lost(control_message& message) {
  const refused full{0, process_layer::out_of_room,
                     process_layer::with_advice_on_room("this process has no room for more descriptors")};
  const auto refuse = [&](request_number number, std::uint32_t slot) {
    send_control(release{slot});
    const std::lock_guard lock{mutex_};
    complete(number, [&](guardian_request& asked) { asked.refusal = full; });
  };
  if (message.kind() == control_kind::spawned) {
    const auto came = message.as<process_layer::spawned>();
    send_control(process_layer::signal{came.ref, platform::kill_signal});
    refuse(came.request, came.channel.own_slot);
  } else if (message.kind() == control_kind::connected) {
    const auto came = message.as<process_layer::connected>();
    refuse(came.request, came.channel.own_slot);
  } else if (message.kind() == control_kind::reattached) {
    const auto came = message.as<process_layer::reattached>();
    if (const auto over = find_channel(came.actor, came.own_slot))
      break_off(*over, std::make_exception_ptr(start_failed{full.stage, full.why}));
  } else {
    throw start_failed{full.stage, full.why};
  }
}

// Without descriptors: over a channel that is there already.
void member::on_connected(control_message& message) {
  const auto came = message.as<process_layer::connected>();
  const auto over = message.descriptors.empty() ? find_channel(came.channel.peer, came.channel.own_slot)
                                                : add_connection(message, came.channel, came.name);
  const std::lock_guard lock{mutex_};
  auto& known = acquaintances_[came.channel.peer];
  known.watched = true;
  known.name = came.name;
  known.pid = came.pid;
  complete(came.request, [&](guardian_request& asked) { asked.over = over; });
}

bool member::handle_control(control_message& message) {
  if (message.lost) {
    on_lost(message);
    control_changed_.notify_all();
    return true;
  }
  switch (message.kind()) {
    case control_kind::spawned: {
      const auto came = message.as<process_layer::spawned>();
      add_connection(message, came.channel, came.name);
      const std::lock_guard lock{mutex_};
      acquaintances_[came.ref.id] = {came.ref, true, came.name, came.pid, {}, {}};
      complete(came.request, [&](guardian_request& asked) { asked.made = spawned{came.ref, came.name}; });
      break;
    }
    case control_kind::connected: on_connected(message); break;
    case control_kind::accepted: accept(message, message.as<process_layer::accepted>()); break;
    case control_kind::refused: {
      auto came = message.as<refused>();
      const std::lock_guard lock{mutex_};
      complete(came.request, [&](guardian_request& asked) { asked.refusal = std::move(came); });
      break;
    }
    case control_kind::preloaded: {
      const std::lock_guard lock{mutex_};
      complete(message.as<preloaded>().request, [](guardian_request&) {});
      break;
    }
    case control_kind::listed: {
      auto came = message.as<listed>();
      const std::lock_guard lock{mutex_};
      complete(came.request, [&](guardian_request& asked) {
        asked.host_pid = came.host_pid;
        asked.actors = std::move(came.actors);
      });
      break;
    }
    case control_kind::gateway_is: {
      auto came = message.as<process_layer::gateway_is>();
      const std::lock_guard lock{mutex_};
      complete(came.request, [&](guardian_request& asked) {
        asked.gateway = {came.is, std::move(came.name), came.node};
      });
      break;
    }
    case control_kind::verified: {
      const auto came = message.as<process_layer::verified>();
      const std::lock_guard lock{mutex_};
      complete(came.request, [&](guardian_request& asked) { asked.is_so = came.is_so; });
      break;
    }
    case control_kind::watching: {
      const auto came = message.as<watching>();
      const std::lock_guard lock{mutex_};
      acquaintances_[came.actor].pid = came.pid;
      break;
    }
    case control_kind::interrupted: on_interrupted(message.as<process_layer::interrupted>()); break;
    case control_kind::reattached: on_reattached(message); break;
    case control_kind::down: on_down_message(message.as<process_layer::down>()); break;
    default: return false;
  }
  control_changed_.notify_all();
  return true;
}

}  // namespace troupe::runtime
