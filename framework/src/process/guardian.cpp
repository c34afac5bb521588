#include "process/guardian.hpp"

#include <troupe/switched_off.hpp>

#include "channel/page.hpp"
#include "platform/limits.hpp"

#include <algorithm>

namespace troupe::process_layer {
namespace {

exit_status status_of(const platform::ended& end) {
  exit_status status;
  status.kind = end.by_signal ? exit_kind::signal : end.code == 0 ? exit_kind::normal : exit_kind::code;
  status.code = end.code;
  status.core_dumped = end.core_dumped;
  status.user_time = end.user_time;
  status.system_time = end.system_time;
  status.max_resident_bytes = end.max_resident_bytes;
  return status;
}

// What the kernel's word alone does not say: the exception that it ended by, the limit that it was under.
void add_cause(exit_status& status, const actor_record& actor) {
  const bool by_signal = status.kind == exit_kind::signal;
  if (by_signal && actor.limits.cpu_seconds != 0 && platform::is_cpu_time_signal(status.code)) {
    status.kind = exit_kind::limit;
    status.limit = limit_kind::cpu_time;
    status.limit_value = actor.limits.cpu_seconds;
  }
  if (by_signal && actor.killed_as_hung) {
    status.kind = exit_kind::limit;
    status.limit = limit_kind::hang;
    status.limit_value = static_cast<std::uint64_t>(actor.killed_as_hung->count());
  }
  if (by_signal && actor.escalated) {
    status.kind = exit_kind::escalated;
    status.exception_text = *actor.escalated;
  }
  if (by_signal || !actor.exception) return;
  status.kind = exit_kind::exception;
  status.exception_type = actor.exception->type;
  status.exception_text = actor.exception->text;
  if (actor.limits.private_data != 0 && status.exception_type == "std::bad_alloc") {
    status.limit = limit_kind::private_data;
    status.limit_value = actor.limits.private_data;
  }
}

}  // namespace

guardian::guardian(platform::descriptor host, std::uint64_t cookie, actor_main run_actor)
    : cookie_{cookie},
      run_actor_{run_actor},
      loader_{loop_,
              run_actor,
              {[this](zygote_process next) { replace_zygote(std::move(next)); },
               [this](const auto& path, const auto& problem) { on_module_done(path, problem); }}},
      standbys_{
          loop_,
          {[this](const fork& order, std::span<const int> descriptors) {
             return zygote_link_.try_send(encode_message(order), descriptors) == platform::send_result::sent;
           },
           [this](platform::descriptor pipe, bool is_error) { return collect(std::move(pipe), is_error); }}} {
  platform::set_process_name("troupe-guardian");
  platform::become_subreaper();
  zygote_ = start_zygote(run_actor_);  // first: what it holds, every actor inherits
  platform::raise_open_files();        // for four of each actor; actors have the host's limit
  platform::ignore_broken_pipes();
  host_.link = control_link{std::move(host)};
}

void guardian::run() {
  zygote_link_ = control_link{std::move(zygote_.control)};
  children_ = platform::watch_children();
  children_ended_.watch(children_.get());
  zygote_ready_.watch(zygote_link_.socket());
  watch_host();
  listen_to_zygote();
  listen_to_children();
  serve(host_);
  reap_ended_children();
  loop_.run();
  end_everything();
}

void guardian::watch_host() {
  // The socket's end is not enough: a child that the host forked may hold a copy of it.
  host_process_ = platform::process_handle::open(platform::parent_pid());
  if (!host_process_) end_everything();
  host_ended_.watch(host_process_.descriptor_number());
  if (!switched_off("host_watched")) host_ended_.when_readable([this] { end_everything(); });
}

void guardian::listen_to_zygote() {
  zygote_ready_.when_readable([this] {
    control_message message;
    auto state = zygote_link_.receive(message);
    for (; state == control_link::state::message; state = zygote_link_.receive(message))
      on_zygote_message(message);
    reap_ended_children();  // one of them may have ended before we heard of its start
    if (state == control_link::state::empty) listen_to_zygote();
  });
}

void guardian::listen_to_children() {
  children_ended_.when_readable([this] {
    platform::acknowledge_children(children_);
    reap_ended_children();
    listen_to_children();
  });
}

void guardian::on_zygote_message(const control_message& message) {
  if (message.kind() != control_kind::loaded) return on_forked(message.as<forked>());
  const auto why = message.as<loaded>().why;
  is_loading_ = !why.empty();  // then it ends
  if (!is_loading_) failed_zygotes_ = 0;
  if (is_loading_) give_up_starts(pending_start::way::zygote, "preload", why);
}

// What a zygote forked without telling is nobody's, and may have read what the next one needs.
void guardian::end_untold_children(pid_t next) {
  const auto known = living_processes();
  for (const pid_t child : platform::children()) {
    if (child == next || known.contains(child)) continue;
    const bool is_actors = known.contains(family_of(child).value_or(0));
    if (!is_actors) platform::signal_child(child, platform::kill_signal);
  }
}

// Actors, and those that fork them.
std::unordered_set<pid_t> guardian::living_processes() const {
  std::unordered_set<pid_t> all{zygote_.pid, loader_.candidate()};
  for (const auto& [id, actor] : actors_) all.insert(actor->pid);
  standbys_.add_to(all);
  all.erase(0);  // none
  return all;
}

// All starts that are due are ordered of it, from the beginning.
void guardian::use_zygote(zygote_process next) {
  zygote_ready_.end();
  zygote_ = std::move(next);
  zygote_link_ = control_link{std::move(zygote_.control)};
  zygote_ready_.watch(zygote_link_.socket());
  listen_to_zygote();
  forked_entries_.clear();
  for (auto& [id, start] : pending_starts_) start.ordered = false;
  order_starts();
  refill_standbys();
}

void guardian::start_zygote_again() {
  constexpr int patience = 5;
  standbys_.discard();
  end_untold_children();
  zygote_ready_.end();
  zygote_ = {};  // where there will be no other, the next spawn tries again
  if (std::exchange(is_loading_, false) && ++failed_zygotes_ >= patience) {
    failed_zygotes_ = 0;
    return give_up_starts(pending_start::way::zygote, "preload",
                          "the process that loads the actors' modules ends again and again");
  }
  try {
    auto next = start_zygote(run_actor_, loader_.modules());
    is_loading_ = !loader_.modules().empty();
    use_zygote(std::move(next));
  } catch (const std::system_error& problem) {
    give_up_starts(pending_start::way::zygote, "fork", problem.what());
  }
}

// The new one has loaded a module more.
void guardian::replace_zygote(zygote_process next) {
  if (zygote_.pid != 0) {
    platform::signal_child(zygote_.pid, platform::kill_signal);
    platform::await_child(zygote_.pid);
    end_untold_children(next.pid);
  }
  is_loading_ = false;
  standbys_.discard();
  use_zygote(std::move(next));
}

bool guardian::waits_for_zygote() const {
  return standbys_.is_waiting() ||
         std::any_of(pending_starts_.begin(), pending_starts_.end(),
                     [](const auto& p) { return p.second.by == pending_start::way::zygote; });
}

void guardian::give_up_starts(pending_start::way which, const std::string& stage, const std::string& why) {
  std::vector<std::uint32_t> lost;
  for (const auto& [id, start] : pending_starts_) {
    if (start.by == which) lost.push_back(id);
  }
  for (const auto id : lost) refuse_start(id, stage, why);
}

void guardian::reap_ended_children() {
  bool any = false;
  for (auto pid = platform::peek_ended_child(); pid && reap(*pid); pid = platform::peek_ended_child())
    any = true;
  if (any) families_.child_has_ended();
}

// False where it has to wait.
bool guardian::reap(pid_t pid) {
  const auto ended =
      std::find_if(actors_.begin(), actors_.end(), [pid](const auto& a) { return a.second->pid == pid; });
  if (ended != actors_.end()) {
    if (!switched_off("family_killed"))
      platform::kill_group(pid);  // before it is reaped: until then the number cannot be another's
    if (const auto end = platform::reap_child(pid)) finish(*ended->second, *end);
  } else if (standbys_.has_ended(pid)) {
    static_cast<void>(platform::reap_child(pid));
  } else if (pid == zygote_.pid) {
    static_cast<void>(platform::reap_child(pid));
    if (!switched_off("zygote_replaced")) start_zygote_again();
  } else if (pid == loader_.candidate()) {
    if (const auto end = platform::reap_child(pid)) loader_.candidate_ended(to_string(status_of(*end)));
  } else if (!waits_for_zygote()) {
    static_cast<void>(platform::reap_child(pid));  // an orphan that we adopted
  } else if (zygote_.pid != 0 && platform::reap_child(zygote_.pid)) {
    // Whatever hides behind it in the kernel's list, the zygote's end must not: nobody else would answer.
    start_zygote_again();
  } else {
    return false;  // perhaps an actor that the zygote is about to tell us of: that brings us here again
  }
  return true;
}

void guardian::send_signal(const actor_record& actor, int number) {
  if (actor.pid != 0 && !actor.is_reaped) platform::signal_child(actor.pid, number);
}

void guardian::finish(actor_record& actor, const platform::ended& end) {
  actor.is_reaped = true;
  receive_all(actor.control);  // its last words
  actor.output->finish();
  actor.errors->finish();

  auto status = status_of(end);
  if (!actor.has_started) {
    fail_start(actor.ref.id, "entering",
               "the actor's program ended (" + to_string(status) + ") before it came to its guard" +
                   std::string{guard_advice});
    return forget(actor.ref.id);
  }
  add_cause(status, actor);
  if (!status.ok()) status.last_words = actor.errors->last_words();
  if (const auto known = revivals_.find(actor.ref.id); known != revivals_.end())
    status.incarnation = known->second.incarnation;
  const auto& page = actor.control.look();
  status.messages_handled = page.handled();
  if (status.kind == exit_kind::signal) status.backtrace = platform::lines_of(page.crash(), actor.pid);
  if (!begin_restart(actor, status)) bury(actor, status);
}

void guardian::bury(actor_record& actor, const exit_status& status) {
  const auto id = actor.ref.id;
  keep_leftovers(actor, status);  // before its peers hear of the end, and forget what they have sent
  for (const auto watcher : actor.watchers) {
    if (client* to = find_client(watcher))
      tell_down(*to, {id, actor.name, static_cast<std::int32_t>(actor.pid), status});
  }
  report_.actors.push_back({actor.name, static_cast<std::int32_t>(actor.pid), status, actor.was_killed});
  ended_.push_back({actor.ref, actor.name, static_cast<std::int32_t>(actor.pid), status});
  if (ended_.size() > remembered_ends) ended_.pop_front();
  if (!is_shutting_down_ && report_.actors.size() > remembered_ends)
    report_.actors.erase(report_.actors.begin());
  report_orphans(actor, status);
  close_channels(actor, status);
  settle_leftovers(actor.control);
  end_inquiries_about(id);
  for (auto& [other, record] : actors_) record->watchers.erase(id);
  leave_group(actor);
  end_what_it_spawned(actor);
  const auto eviction = actor.eviction;
  const auto later = std::exchange(actor.control.later, {});
  actors_.erase(id);
  leave_eviction(eviction);
  for (const auto& next : later) next();  // who waited to connect hears of the end
  end_shutdown_when_empty();
}

void guardian::begin_shutdown(std::chrono::milliseconds grace) {
  is_shutting_down_ = true;
  standbys_.keep(0);
  standbys_.discard();
  end_restarts();
  for (auto& [id, actor] : actors_) ask_to_end(*actor, {});
  give_up_starts(pending_start::way::module, "spawn", "the system is stopping");
  shutdown_timer_.expires_after(grace);
  shutdown_timer_.async_wait([this](auto error) {
    if (error) return;
    for (auto& [id, actor] : actors_) {
      actor->was_killed = true;
      send_signal(*actor, platform::terminate_signal);
    }
    shutdown_timer_.expires_after(terminate_patience);
    shutdown_timer_.async_wait([this](auto second) {
      if (!second) force_shutdown();
    });
  });
  end_shutdown_when_empty();
}

void guardian::force_shutdown() {
  for (auto& [id, actor] : actors_) send_signal(*actor, platform::kill_signal);
}

void guardian::end_shutdown_when_empty() {
  if (!is_shutting_down_ || !actors_.empty() || !pending_starts_.empty()) return;
  shutdown_timer_.cancel();
  report_when_drained();
}

// The host may end as soon as it has the report, and we with it: what actors printed comes first.
void guardian::report_when_drained() {
  for (const auto& sink : {standard_output_.get(), standard_error_.get()}) {
    if (!sink->is_empty()) return sink->when_empty([this] { report_when_drained(); });
  }
  settle_leftovers(host_);
  send(host_, report_);
}

void guardian::end_everything() {
  if (zygote_.pid != 0) platform::signal_child(zygote_.pid, platform::kill_signal);
  // Every descendant that loses its parent becomes a child of ours, so this ends when there is none.
  for (auto left = platform::children(); !left.empty(); left = platform::children()) {
    for (const pid_t child : left) {
      platform::signal_child(child, platform::kill_signal);
      if (!switched_off("family_killed")) platform::kill_group(child);
      platform::await_child(child);
    }
  }
  platform::exit_now(0);
}

}  // namespace troupe::process_layer
