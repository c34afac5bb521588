#include "process/guardian.hpp"

#include "channel/page.hpp"

#include <algorithm>

namespace troupe::process_layer {
namespace {

constexpr std::size_t remembered_ends = 4096;  // for whoever asks late

}  // namespace

guardian::guardian(platform::descriptor host, std::uint64_t cookie, actor_main run_actor)
    : cookie_{cookie}, run_actor_{run_actor} {
  platform::set_process_name("troupe-guardian");
  platform::become_subreaper();
  zygote_ = start_zygote(run_actor_);  // first: what it holds, every actor inherits
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
  host_ended_.when_readable([this] { end_everything(); });
}

void guardian::listen_to_zygote() {
  zygote_ready_.when_readable([this] {
    control_message message;
    auto state = zygote_link_.receive(message);
    for (; state == control_link::state::message; state = zygote_link_.receive(message))
      on_forked(message.as<forked>());
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

void guardian::start_zygote_again() {
  // What the old one forked without telling is nobody's, and may have read what the next one needs: end it.
  for (const pid_t child : platform::children()) {
    const bool known = std::any_of(actors_.begin(), actors_.end(),
                                   [child](const auto& a) { return a.second->pid == child; });
    if (!known) platform::process_handle::open(child).send(platform::kill_signal);
  }
  zygote_ready_.end();
  zygote_ = {};
  for (auto& [id, start] : pending_starts_) start.ordered = false;
  try {
    zygote_ = start_zygote(run_actor_);
  } catch (const std::system_error& problem) {
    // The next spawn tries again.
    while (!pending_starts_.empty()) refuse_start(pending_starts_.begin()->first, "fork", problem.what());
    return;
  }
  zygote_link_ = control_link{std::move(zygote_.control)};
  zygote_ready_.watch(zygote_link_.socket());
  listen_to_zygote();
  order_starts();
}

void guardian::reap_ended_children() {
  while (const auto pid = platform::peek_ended_child()) {
    const auto ended =
        std::find_if(actors_.begin(), actors_.end(), [&](const auto& a) { return a.second->pid == *pid; });
    if (ended != actors_.end()) {
      platform::kill_group(*pid);  // before it is reaped: until then the number cannot be another's
      if (const auto end = platform::reap_child(*pid)) finish(*ended->second, *end);
    } else if (*pid == zygote_.pid) {
      static_cast<void>(platform::reap_child(*pid));
      start_zygote_again();
    } else if (!pending_starts_.empty()) {
      // Whatever hides behind it in the kernel's list, the zygote's end must not: nobody else would answer.
      if (zygote_.pid != 0 && platform::reap_child(zygote_.pid)) {
        start_zygote_again();
        continue;
      }
      return;  // perhaps an actor that the zygote is about to tell us of: that brings us here again
    } else {
      static_cast<void>(platform::reap_child(*pid));  // an orphan that we adopted
    }
  }
}

void guardian::finish(actor_record& actor, const platform::ended& end) {
  receive_all(actor.control);  // its last words
  actor.output->finish();
  actor.errors->finish();

  exit_status status;
  status.kind = end.by_signal ? exit_kind::signal : end.code == 0 ? exit_kind::normal : exit_kind::code;
  status.code = end.code;
  status.core_dumped = end.core_dumped;
  if (actor.exception && !end.by_signal) {
    status.kind = exit_kind::exception;
    status.exception_type = actor.exception->type;
    status.exception_text = actor.exception->text;
  }
  if (!status.ok()) status.last_words = actor.errors->last_words();
  status.user_time = end.user_time;
  status.system_time = end.system_time;
  status.max_resident_bytes = end.max_resident_bytes;
  status.messages_handled = channel::peer_page{actor.control.page}.handled();

  const auto id = actor.ref.id;
  for (const auto watcher : actor.watchers) {
    if (client* to = find_client(watcher))
      send(*to, down{id, actor.name, static_cast<std::int32_t>(actor.pid), status});
  }
  report_.actors.push_back({actor.name, static_cast<std::int32_t>(actor.pid), status, actor.was_killed});
  ended_.push_back({actor.ref, actor.name, static_cast<std::int32_t>(actor.pid), status});
  if (ended_.size() > remembered_ends) ended_.pop_front();
  if (!is_shutting_down_ && report_.actors.size() > remembered_ends)
    report_.actors.erase(report_.actors.begin());
  close_channels(actor.control);
  end_inquiries_about(id);
  for (auto& [other, record] : actors_) record->watchers.erase(id);
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
  for (auto& [id, actor] : actors_) tell_stop(actor->control, {});
  shutdown_timer_.expires_after(grace);
  shutdown_timer_.async_wait([this](auto error) {
    if (error) return;
    for (auto& [id, actor] : actors_) {
      actor->was_killed = true;
      actor->process.send(platform::terminate_signal);
    }
    shutdown_timer_.expires_after(terminate_patience);
    shutdown_timer_.async_wait([this](auto second) {
      if (!second) force_shutdown();
    });
  });
  end_shutdown_when_empty();
}

void guardian::force_shutdown() {
  for (auto& [id, actor] : actors_) actor->process.send(platform::kill_signal);
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
  send(host_, report_);
}

void guardian::end_everything() {
  if (zygote_.pid != 0) platform::process_handle::open(zygote_.pid).send(platform::kill_signal);
  // Every descendant that loses its parent becomes a child of ours, so this ends when there is none.
  for (auto left = platform::children(); !left.empty(); left = platform::children()) {
    for (const pid_t child : left) {
      platform::process_handle::open(child).send(platform::kill_signal);
      platform::kill_group(child);
      platform::process_handle::open(child).reap(platform::never);
    }
  }
  platform::exit_now(0);
}

}  // namespace troupe::process_layer
