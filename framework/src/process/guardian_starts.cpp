// How the guardian starts actors: by the zygote, or by executing the program once more.
#include <troupe/errors.hpp>

#include "channel/page.hpp"
#include "platform/clock.hpp"
#include "platform/limits.hpp"
#include "process/entrance.hpp"
#include "process/guardian.hpp"
#include "registry/registry.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace troupe::process_layer {
namespace {

constexpr std::chrono::milliseconds longest_grace =
    std::chrono::hours{24 * 365};  // a timer takes nanoseconds

// What the zygote is asked for at a time: their descriptors, and both its sockets' buffers, stay within the limits of users
// who are not root.
constexpr std::ptrdiff_t most_orders = 64;

std::string own_program() {
  std::error_code problem;
  return std::filesystem::read_symlink("/proc/self/exe", problem).string();
}

std::string explain_unknown(const std::string& what, const std::string& module, bool in_program) {
  const auto missing =
      what + " is in " + module + ", and the actors' program, " + own_program() + ", does not have it";
  if (in_program) {
    return missing +
           "; put it into a shared library that both programs are linked with (the same file, so that the "
           "build " +
           "ids agree)";
  }
  return missing +
         ", not even with that file loaded: it is another build than the spawner's, or it brings a copy of "
         "Troupe of "
         "its own; link the program with that very library, and not with Troupe beside it";
}

}  // namespace

void guardian::on_spawn(client& from, control_message& message) {
  const auto wanted = message.as<spawn>();
  const bool is_outside = wanted.outside_arguments != 0;
  if (is_shutting_down_) return refuse(from, wanted.request, "spawn", "the system is stopping");
  if (!may_own(from, wanted) || !may_join_group(from, wanted)) return;
  if (message.lost)
    return refuse(from, wanted.request, out_of_room,
                  with_advice_on_room("the guardian has no room for the arguments"));
  if (wanted.attached > detail::max_attachments ||
      message.descriptors.size() != wanted.attached + (is_outside ? 1 : 0))
    throw malformed_message{"a spawn without its arguments"};
  const bool executed = wanted.start.value_or(default_start_) == start_method::spawn;
  if (!executed && zygote_.pid == 0) start_zygote_again();
  if (!executed && zygote_.pid == 0)
    return refuse(from, wanted.request, "fork", "the zygote cannot be started again");
  try {
    auto& start = prepare(from, wanted, executed);
    start.arguments = std::move(message.descriptors);
    keep_for_restarts(start, wanted);
    join_group(*actors_.at(last_id_), wanted);
  } catch (const std::system_error& problem) {
    drop_start(last_id_);
    return refuse(from, wanted.request, out_of_room, with_advice_on_room(problem));
  }
  launch(last_id_);
}

void guardian::drop_start(std::uint32_t id) {
  pending_starts_.erase(id);
  revivals_.erase(id);
  actors_.erase(id);
}

void guardian::launch(std::uint32_t id) {
  if (start_standby(id)) return;
  auto& start = pending_starts_.at(id);
  start.by == pending_start::way::program ? run_program(start) : order_starts();
}

std::shared_ptr<output_collector> guardian::collect(platform::descriptor pipe, bool is_error) {
  const auto& sink = is_error ? standard_error_ : standard_output_;
  return std::make_shared<output_collector>(loop_, std::move(pipe),
                                            output_ == output::discard ? nullptr : sink.get());
}

// A standby, where one fits, brings its streams along.
void guardian::connect_streams(actor_record& actor, pending_start& start) {
  if (start.by == pending_start::way::zygote && is_known(start.order.what.entry))
    start.by_standby = standbys_.take();
  if (start.by_standby) {
    actor.output = start.by_standby->output;
    actor.errors = start.by_standby->errors;
  } else {
    auto out = platform::make_pipe();
    auto err = platform::make_pipe();
    actor.output = collect(std::move(out.read_end), false);
    actor.errors = collect(std::move(err.read_end), true);
    start.output = std::move(out.write_end);
    start.errors = std::move(err.write_end);
  }
  if (output_ != output::tagged) return;
  for (const auto& each : {actor.output, actor.errors}) each->set_tag("[" + actor.name + "] ");
}

guardian::pending_start& guardian::prepare(const client& owner, const spawn& wanted, bool executed) {
  auto made = std::make_unique<actor_record>();
  actor_record& actor = *made;
  const auto id = ++last_id_;
  actor.ref = {id, 0, platform::random_bits()};
  actor.name = wanted.name.empty() ? wanted.default_name + "-" + std::to_string(id) : wanted.name;
  actor.owner = owner.id;
  actor.mailbox_bytes = wanted.mailbox_bytes;
  actor.mailbox_messages = wanted.mailbox_messages;
  actor.lane = wanted.lane.value_or(default_lane_);
  actor.hangs = wanted.hangs;
  if (wanted.grace_milliseconds)
    actor.grace = std::min(std::chrono::milliseconds{*wanted.grace_milliseconds}, longest_grace);
  actor.limits = wanted.limits;

  actor.control.id = id;
  pending_start pending;
  pending.by = executed ? pending_start::way::program : pending_start::way::zygote;
  pending.request = wanted.request;
  pending.owner = owner.id;
  pending.what = wanted.default_name;
  pending.module = wanted.module;
  pending.in_program = wanted.in_program;
  pending.order = {
      cookie_, {id, actor.name, wanted.entry, wanted.limits}, {}, wanted.in_program ? "" : wanted.module};
  connect_streams(actor, pending);
  actor.control.page = pending.by_standby ? std::move(pending.by_standby->page) : channel::page::create();
  pending.description = {
      actor.ref,       actor.name, wanted.entry, wanted.arguments, {}, {}, wanted.outside_arguments,
      wanted.in_flight};
  pending.description.spin_nanoseconds = spin_;
  pending.description.may_return = wanted.restart.when != restart::never;
  if (const auto parent = actors_.find(owner.id); parent != actors_.end()) {
    pending.description.parent = parent->second->ref;
    pending.description.parent_name = parent->second->name;
    actor.depth = parent->second->depth + 1;
    actor.eviction = parent->second->eviction;
  }
  actors_.emplace(id, std::move(made));
  return pending_starts_.emplace(id, std::move(pending)).first->second;
}

void guardian::order_starts() {
  auto under_way = std::count_if(pending_starts_.begin(), pending_starts_.end(),
                                 [](const auto& start) { return start.second.ordered; });
  for (auto next = pending_starts_.begin(); next != pending_starts_.end() && under_way < most_orders;) {
    const auto id = next->first;
    auto& start = (next++)->second;  // a refusal erases it
    if (start.by != pending_start::way::zygote || start.ordered) continue;
    try {
      if (!order(start)) return;  // the zygote's next answer brings us here again
      ++under_way;
    } catch (const std::system_error& problem) {
      refuse_start(id, out_of_room, with_advice_on_room(problem));
    }
  }
}

bool guardian::order(pending_start& start) {
  auto [ours, its] = platform::packet_pair();
  const std::array descriptors{its.get(), start.output.get(), start.errors.get()};
  if (zygote_link_.try_send(encode_message(start.order.what), descriptors) == platform::send_result::full)
    return false;
  start.control = std::move(its);
  start.ordered = true;
  connect_control(start, std::move(ours));
  return true;
}

// What the actor will read first waits in its socket before there is an actor.
void guardian::connect_control(const pending_start& start, platform::descriptor ours) {
  auto& control = actors_.at(start.order.what.actor)->control;
  control.ready.reset();
  control.outgoing.clear();
  control.stop_was_told = false;
  control.link = control_link{std::move(ours)};
  control.ready = std::make_unique<readiness>(loop_, control.link.socket());
  if (start.by == pending_start::way::program) {
    auto order = start.order;
    order.modules = loader_.modules();
    const std::array streams{start.output.get(), start.errors.get()};
    send(control, order, streams);
  }
  std::vector given{control.page.get()};
  if (const auto kept = revivals_.find(control.id); kept != revivals_.end()) {
    for (const auto& memory : kept->second.checkpoints) given.push_back(memory.get());
  }
  for (const auto& memory : start.arguments) given.push_back(memory.get());
  send(control, start.description, given);
}

// Whether a process that was forked ahead has it: its zygote is to say first where that depends on modules.
bool guardian::is_known(std::uint64_t entry) const try {
  return forked_entries_.contains(entry) || registry::find(detail::entry_id{entry}) != nullptr;
} catch (const std::logic_error&) {
  return false;  // two have that id: the zygote explains
}

// False where another way has to be taken.
bool guardian::start_standby(std::uint32_t id) {
  auto& start = pending_starts_.at(id);
  if (!start.by_standby) return false;
  auto taken = std::move(*start.by_standby);
  start.by_standby.reset();
  boost::asio::post(loop_, [this] { standbys_.refill_soon(); });  // behind this start
  try {
    if (taken.link.try_send(encode_message(start.order.what), {}) != platform::send_result::sent) {
      standbys_.give_back(std::move(taken));  // it has ended
      connect_streams(*actors_.at(id), start);
      return start_standby(id);
    }
    connect_control(start, taken.link.release());
    has_process(start, taken.pid);
  } catch (const std::system_error& problem) {
    refuse_start(id, out_of_room, with_advice_on_room(problem));
    return true;
  }
  start.order.what.limits.any() ? await_entering(id) : complete(id);
  return true;
}

// Starts that wait for the zygote come first: for them a fork ahead is only a fork more before theirs.
void guardian::refill_standbys() {
  const bool is_busy = std::any_of(pending_starts_.begin(), pending_starts_.end(),
                                   [](const auto& start) { return start.second.ordered; });
  if (zygote_.pid != 0 && !is_busy && !is_shutting_down_) standbys_.refill();
}

void guardian::run_program(pending_start& start) {
  const auto id = start.order.what.actor;
  try {
    auto [ours, its] = platform::packet_pair();
    connect_control(start, std::move(ours));
    const auto pid = execute_as_actor(cookie_, its);
    platform::restore_open_files(pid);
    has_process(start, pid);
    await_entering(id);
  } catch (const std::system_error& problem) {
    refuse_start(id, "executing the program again", problem.what());
  }
}

void guardian::on_forked(const forked& answer) {
  if (answer.actor == 0) {
    standbys_.on_forked(answer);
    order_starts();
    return refill_standbys();
  }
  const auto place = pending_starts_.find(answer.actor);
  if (place == pending_starts_.end() || !place->second.ordered) return;
  auto& start = place->second;
  start.ordered = false;
  failed_zygotes_ = 0;
  if (answer.pid != 0) {
    start.control.reset();
    forked_entries_.insert(start.order.what.entry);
    has_process(start, answer.pid);
    start.order.what.limits.any() ? await_entering(answer.actor) : complete(answer.actor);
    order_starts();
    return refill_standbys();
  }
  if (answer.stage == unknown_entry && !start.in_program && !start.module.empty() &&
      !loader_.has(start.module)) {
    start.by = pending_start::way::module;
    loader_.load(start.module);
  } else {
    refuse_start(answer.actor, answer.stage, answer.why);
  }
  order_starts();
}

// From here on its end is an end like others, but for `has_started`.
void guardian::has_process(pending_start& start, pid_t pid) {
  const auto id = start.order.what.actor;
  auto& actor = *actors_.at(id);
  actor.pid = pid;
  actor.is_reaped = false;
  actor.output->start();
  actor.errors->start();
  start.output.reset();
  start.errors.reset();
  start.by = pending_start::way::itself;
  serve(actor.control);
}

void guardian::await_entering(std::uint32_t id) {
  auto& start = pending_starts_.at(id);
  start.patience = std::make_unique<boost::asio::steady_timer>(loop_, start_timeout_);
  start.patience->async_wait([this, id](auto error) {
    if (error || !pending_starts_.contains(id)) return;
    send_signal(*actors_.at(id), platform::kill_signal);
    fail_start(id, "entering",
               "the actor's program did not come to its guard in time" + std::string{guard_advice});
  });
}

void guardian::on_entered(client& from, const entered& answer) {
  if (!pending_starts_.contains(from.id)) return;
  answer.stage.empty() ? complete(from.id) : fail_start(from.id, answer.stage, answer.why);
}

void guardian::complete(std::uint32_t id) {
  const auto place = pending_starts_.find(id);
  const auto start = std::move(place->second);
  pending_starts_.erase(place);
  auto& actor = *actors_.at(id);
  actor.has_started = true;
  actor.running_since = platform::monotonic_nanoseconds();
  actor.silent_since = 0;
  if (actor.is_restarting) return resume(actor);
  watch_for_hangs(actor);
  client* const asker = find_client(actor.owner);
  // Where the owner has ended meanwhile, nobody will ever send it anything.
  if (is_shutting_down_ || asker == nullptr) {
    actor.grace_timer.reset();  // of the time before there was a process
    ask_to_end(actor, {});
  }
  if (asker != nullptr) introduce(*asker, actor, start.request);
}

void guardian::fail_start(std::uint32_t id, const std::string& stage, const std::string& why) {
  const auto place = pending_starts_.find(id);
  if (place == pending_starts_.end()) return;
  const auto start = std::move(place->second);
  pending_starts_.erase(place);
  client* const asker = find_client(start.owner);
  if (asker == nullptr || actors_.at(id)->is_restarting) return;  // nobody has asked for a restart
  const bool unknown = stage == unknown_entry;
  refuse(*asker, start.request, stage,
         unknown ? explain_unknown(start.what, start.module, start.in_program) : why);
}

void guardian::refuse_start(std::uint32_t id, const std::string& stage, const std::string& why) {
  fail_start(id, stage, why);
  if (auto& actor = *actors_.at(id); actor.is_restarting)
    return revivals_.contains(id) ? end_restart(id) : bury_unrevived(actor);
  revivals_.erase(id);
  forget(id);
}

void guardian::forget(std::uint32_t id) {
  const auto eviction = actors_.at(id)->eviction;
  leave_group(*actors_.at(id));
  actors_.erase(id);
  leave_eviction(eviction);
  end_shutdown_when_empty();
}

// --- Modules --------------------------------------------------------------------------------------------------------------

void guardian::on_preload(client& from, const preload& wanted) {
  preloads_.push_back({from.id, wanted.request, wanted.module});
  loader_.load(wanted.module);
}

void guardian::on_module_done(const std::string& path, const std::string& problem) {
  const auto said = problem.empty() ? "" : path + " cannot be loaded: " + problem;
  std::vector<std::uint32_t> starts;
  for (const auto& [id, start] : pending_starts_) {
    if (start.by == pending_start::way::module && start.module == path) starts.push_back(id);
  }
  for (const auto id : starts) {
    pending_starts_.at(id).by = pending_start::way::zygote;
    if (!problem.empty()) refuse_start(id, "preload", said);
  }
  order_starts();
  const auto asked =
      std::partition(preloads_.begin(), preloads_.end(), [&](const auto& p) { return p.path != path; });
  const std::vector answered(asked, preloads_.end());
  preloads_.erase(asked, preloads_.end());
  for (const auto& each : answered) {
    client* const asker = find_client(each.asker);
    if (asker == nullptr) continue;
    if (!problem.empty())
      refuse(*asker, each.request, "preload", said);
    else if (each.request != 0)
      send(*asker, preloaded{each.request});
  }
  if (!host_is_ready_ && problem.empty() && preloads_.empty()) welcome_host();
  // What has ended meanwhile may have been held back by a start that is no more.
  boost::asio::post(loop_, [this] { reap_ended_children(); });
}

}  // namespace troupe::process_layer
