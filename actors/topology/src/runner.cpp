#include "runner.hpp"

#include <troupe/places.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace troupe::detail {

namespace {

constexpr auto stop_grace = std::chrono::seconds{1};
constexpr std::size_t default_at_once = 256;

std::string counted(std::uint64_t number, const std::string& what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

/// Replicas, as many inboxes at most, what keeps order, and the board.
std::size_t most_members(const graph& plan) {
  std::size_t count = plan.edges.size() + 1;
  for (const auto& node : plan.nodes) count += 2 * std::size_t{node.replicas};
  return count;
}

}  // namespace

bool runner::node_state::has_ended() const {
  return std::all_of(replicas.begin(), replicas.end(), [](const auto& replica) { return replica.has_ended; });
}

runner::runner(const graph& plan, actor_system& system, const run_options& options, casebook& book)
    : plan_{plan},
      system_{system},
      options_{options},
      book_{book},
      nodes_(plan.nodes.size()),
      duties_{most_members(plan)} {
  report_.topology = plan.name;
  for (const auto& edge : plan_.edges) {
    report_.edges.push_back({.from = plan_.nodes[edge.from].name, .to = plan_.nodes[edge.to].name});
  }
  for (const auto& node : plan.nodes) replicas_ += node.replicas;
}

run_report runner::run() {
  board_ = system_.spawn<board>({.name = "board"});
  for (std::uint32_t node = 0; node < plan_.nodes.size(); ++node) make_inboxes(node);
  make_sequencers();
  for (std::uint32_t node = 0; node < plan_.nodes.size(); ++node) start_replicas(node);
  watch_all();
  follow();
  if (auto* const chaos = book_.chaos()) chaos->wake_all();  // everybody is asked or waited for from here on
  if (!broken_) hear_inboxes();
  settle();
  return std::move(report_);
}

bool runner::may_leave(std::uint32_t node) const { return part::find(plan_.nodes[node].role).may_leave; }

void runner::make_inboxes(std::uint32_t node) {
  std::size_t capacity = 0, capacity_bytes = 0;
  bool one_each = false;
  for (const auto& edge : plan_.edges) {
    if (edge.to != node) continue;
    capacity = std::max(capacity, edge.capacity);
    capacity_bytes = std::max(capacity_bytes, edge.capacity_bytes);
    one_each = edge.tells_replicas_apart();
  }
  if (capacity == 0) return;
  const auto& name = plan_.nodes[node].name;
  // Who may leave before the end must not have items in hand that then nobody gets.
  const auto at_once = may_leave(node) ? 1 : default_at_once;
  const auto count = one_each ? plan_.nodes[node].replicas : 1;
  for (unsigned i = 0; i < count; ++i) {
    const auto whose = one_each ? name + "-" + std::to_string(i + 1) : name;
    const inbox_options options{.capacity = capacity,
                                .capacity_bytes = capacity_bytes,
                                .at_once = at_once,
                                .member = replicas_ + inboxes_++,
                                .duties = duties_};
    nodes_[node].inboxes.push_back(system_.spawn<inbox>({.name = whose + ".inbox"}, options));
  }
}

std::vector<std::uint32_t> runner::sources_before(std::uint32_t node) const {
  if (plan_.nodes[node].kind == node_kind::source) return {node};
  std::vector<std::uint32_t> sources;
  for (const auto& edge : plan_.edges) {
    if (edge.to == node) sources.push_back(edge.from);
  }
  return sources;
}

void runner::make_sequencers() {
  for (std::uint32_t i = 0; i < plan_.edges.size(); ++i) {
    const auto& edge = plan_.edges[i];
    if (!edge.is_ordered) continue;
    const spawn_options options{.name =
                                    plan_.nodes[edge.from].name + "." + plan_.nodes[edge.to].name + ".order"};
    sequencers_.emplace(
        i, system_.spawn<sequencer>(options, nodes_[edge.to].inboxes.front(), sources_before(edge.from),
                                    plan_.nodes[edge.from].replicas, edge.window));
  }
}

void runner::start_replicas(std::uint32_t node) {
  const auto& plan = plan_.nodes[node];
  const auto& inboxes = nodes_[node].inboxes;
  const auto memory = part::find(plan.role).memory;
  assignment task{.node = node,
                  .node_name = plan.name,
                  .kind = plan.kind,
                  .replicas = plan.replicas,
                  .role = plan.role,
                  .arguments = plan.arguments,
                  .keeps = plan.kind != node_kind::source && can_heal(node) &&
                           (plan.kind == node_kind::sink || memory == node_memory::saved),
                  .duties = duties_,
                  .run = board_};
  if (options_.chaos && options_.chaos->slow) task.longest_delay = options_.chaos->longest_fault;
  for (std::uint32_t i = 0; i < plan_.edges.size(); ++i) {
    const auto& edge = plan_.edges[i];
    if (edge.from == node) {
      task.edges.push_back({.edge = i,
                            .route = edge.route,
                            .singly = may_leave(edge.to),
                            .inboxes = nodes_[edge.to].inboxes,
                            .to_all = edge.is_broadcast,
                            .marks = plan_.gives_in_order(edge.to)});
      if (edge.is_ordered) task.edges.back().order = sequencers_.at(i);
    }
    const auto sources = edge.is_ordered ? sources_before(edge.from) : std::vector<std::uint32_t>{};
    if (std::find(sources.begin(), sources.end(), node) != sources.end())
      task.permits.push_back(sequencers_.at(i));
  }
  for (task.index = 0; task.index < plan.replicas; ++task.index) {
    if (!inboxes.empty()) task.from = inboxes[inboxes.size() == 1 ? 0 : task.index];
    task.member = crew_.size();
    task.seed = book_.counts().seed + task.member;
    task.begin_at = task.index;
    auto replica = start(task);
    nodes_[node].replicas.push_back(
        {.member = crew_.add(std::move(replica.handle), replica.is_elsewhere), .task = task});
  }
}

/// Sources and sinks are in the process's own system: what they read, and what they give, is there.
runner::started runner::start(const assignment& task) {
  static const std::vector<placement> nowhere_else;
  const auto& places = task.kind == node_kind::stage ? options_.nodes : nowhere_else;
  return start_on_one_of(places, task.member, [&](const placement& on) {
    const spawn_options how{.name = task.node_name + "-" + std::to_string(task.index + 1), .on = on};
    auto given = task;
    if (!on.is_here()) given.duties = {};
    return started{system_.spawn<&run_replica>(how, given), !on.is_here()};
  });
}

void runner::watch_all() {
  for (const auto& node : nodes_) {
    for (const auto& each : node.inboxes) crew_.add(each);
  }
  for (const auto& [edge, order] : sequencers_) crew_.add(order);
  for (std::uint32_t i = 0; i < crew_.size(); ++i) board_.tell<&board::watch>(crew_.at(i).handle, i);
  board_member_ = crew_.add(board_);
}

void runner::follow() {
  try {
    auto coming = board_.ask<&board::next>();
    while (!is_over()) {
      const auto longest = patience();
      if (longest && !coming.wait_for(*longest)) {
        pass_time();
        continue;
      }
      auto all = coming.get();
      for (auto& item : all) take(item);
      close_inboxes();
      coming = board_.ask<&board::next>();
    }
  } catch (const actor_down&) {
    if (crew_.at(board_member_).handle.is_alive()) throw;
    note_death(board_member_);
  }
}

/// How long to wait for news at most; nullopt: there is nothing else to do.
std::optional<std::chrono::nanoseconds> runner::patience() const {
  auto until = std::chrono::steady_clock::time_point::max();
  if (options_.on_progress) until = shown_ + options_.progress_interval;
  if (const auto* const chaos = book_.chaos()) until = std::min(until, chaos->next());
  if (until == std::chrono::steady_clock::time_point::max()) return std::nullopt;
  return std::max<std::chrono::nanoseconds>(until - std::chrono::steady_clock::now(),
                                            std::chrono::nanoseconds{1});
}

void runner::pass_time() {
  const auto now = std::chrono::steady_clock::now();
  auto* const chaos = book_.chaos();
  if (chaos != nullptr && now >= chaos->next()) chaos->act(crew_, duties_, board_member_);
  if (!options_.on_progress || now < shown_ + options_.progress_interval) return;
  shown_ = now;
  show_progress();
}

void runner::take(news& item) {
  if (item.actor >= crew_.size()) return;
  if (item.is_down) {
    note_death(item.actor);
  } else {
    note_ending(item.actor, std::move(item.end));
  }
}

runner::replica_state* runner::replica_of(std::uint32_t member) {
  for (auto& node : nodes_) {
    for (auto& replica : node.replicas) {
      if (replica.member == member) return &replica;
    }
  }
  return nullptr;
}

void runner::note_ending(std::uint32_t member, ending end) {
  auto* const replica = replica_of(member);
  if (replica == nullptr) return;
  replica->has_ended = true;
  replica->end = std::move(end);
  crew_.at(member).may_end = true;
  crew_.at(member).handled = replica->end.handled;
}

/// An inbox is closed when nobody will write to it any more, and when nobody will read: writers then do not wait for ever.
void runner::close_inboxes() {
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    auto& node = nodes_[i];
    const auto still_comes = [&](const graph_edge& edge) {
      return edge.to == i && !nodes_[edge.from].has_ended();
    };
    const bool all_come = std::none_of(plan_.edges.begin(), plan_.edges.end(), still_comes);
    for (std::size_t k = 0; k < node.inboxes.size(); ++k) {
      const bool all_read = node.inboxes.size() == 1 ? node.has_ended() : node.replicas[k].has_ended;
      if (all_come || all_read) close(node.inboxes[k]);
    }
  }
}

void runner::close(const actor<inbox>& which) {
  try {
    which.tell<&inbox::close>(queue_visitor{}, 0U);
  } catch (const actor_down&) {
    // The board will tell of it.
  }
}

void runner::note_death(std::uint32_t member) {
  auto& who = crew_.at(member);
  if (broken_ || (who.may_end && !who.is_sabotaged)) return;
  const auto state = state_of(who, duties_, member);
  const auto status = who.handle.join();
  auto verdict = book_.judge(member, who, status, line_of(member), state);
  who.is_sabotaged = false;
  if (who.may_end || (!verdict && !is_consequence(status) && heal(member))) return;
  may_begin_again_ = !verdict && book_.may_restart();
  broken_ = verdict ? std::move(*verdict) : obituary(who, status, {});
}

/// Of one on another node: how much it has said that it has handled.
duty runner::line_of(std::uint32_t member) {
  if (!crew_.at(member).is_elsewhere) return duties_.at(member);
  const auto handled = board_.ask<&board::progress>().get();
  return {.turns = member < handled.size() ? handled[member] : 0};
}

/// Whether nothing is lost with a replica that cannot be made good. What a stage with a state gives depends on what it has
/// seen: the same items must come to the same replica.
bool runner::can_heal(std::uint32_t node) const {
  const auto& plan = plan_.nodes[node];
  if (plan.kind == node_kind::source) return true;
  const auto& made = part::find(plan.role);
  if (made.memory == node_memory::only) return false;
  if (plan.kind == node_kind::sink) return true;
  if (made.memory == node_memory::none) return !made.may_leave;
  return plan.replicas == 1 || nodes_[node].inboxes.size() > 1;
}

/// Puts another process in the place of a replica that died. Its inbox gives that one what the dead one was not done with.
bool runner::heal(std::uint32_t member) {
  auto* const replica = replica_of(member);
  if (replica == nullptr || options_.max_attempts <= 1 || !can_heal(replica->task.node)) return false;
  auto& task = replica->task;
  const auto& line = duties_.at(member);
  const bool makes_sense = line.done_to >= task.begin_at && line.done_to % task.replicas == task.index;
  if (task.kind == node_kind::source && makes_sense) task.begin_at = line.done_to;
  ++task.incarnation;
  duty_line{duties_, member}.rest();
  auto fresh = start(task);
  crew_.replace(member, std::move(fresh.handle), fresh.is_elsewhere);
  board_.tell<&board::watch>(crew_.at(member).handle, member);
  book_.note_heal();
  return true;
}

std::uint64_t runner::turns() const {
  std::uint64_t all = 0;
  for (const auto& line : duties_.span()) all += line.turns;
  return all;
}

bool runner::is_over() const {
  return broken_ ||
         std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) { return node.has_ended(); });
}

void runner::show_progress() {
  const auto handled = board_.ask<&board::progress>().get();
  progress so_far{.elapsed = std::chrono::steady_clock::now() - began_};
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    so_far.nodes.push_back({.name = plan_.nodes[i].name});
    for (const auto& replica : nodes_[i].replicas) {
      if (replica.member < handled.size()) so_far.nodes.back().handled += handled[replica.member];
    }
  }
  options_.on_progress(so_far);
}

void runner::settle() {
  report_.seconds = std::chrono::duration<double>{std::chrono::steady_clock::now() - began_}.count();
  if (broken_) {
    crew_.kill_all();
    note_other_victims();
  }
  for (const auto& node : nodes_) {
    for (const auto& replica : node.replicas) crew_.at(replica.member).handle.join();
  }
  // What they read from and write to goes after them, so that it is no death in their eyes.
  crew_.stop(0, replicas_, stop_grace);
  crew_.stop(replicas_, crew_.size(), stop_grace);
  report_.actors = crew_.entries();
  count_items();
  if (broken_) {
    report_.errors = {*broken_};
  } else {
    conclude();
  }
  report_.ok = report_.errors.empty();
}

/// Who was killed on purpose together with the one that broke the attempt.
void runner::note_other_victims() {
  for (std::uint32_t i = 0; i < crew_.size(); ++i) {
    auto& who = crew_.at(i);
    (void)book_.note_victim(who, state_of(who, duties_, i));
    who.is_sabotaged = false;
  }
}

void runner::count_items() {
  ledger total;
  for (const auto& node : nodes_) {
    for (const auto& replica : node.replicas) total.merge(replica.end.seen);
  }
  std::uint64_t lost_ends = 0;
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    std::uint64_t given = 0;
    for (const auto& replica : nodes_[i].replicas) given += replica.end.given;
    auto& account = total.origins[i];
    auto& items = report_.items;
    const auto completed = account.completed.count();
    const auto failed = account.failed.count() - account.completed.merge(account.failed);
    const auto missing = given - std::min(given, account.completed.count());
    items.completed_twice += account.repeats;
    if (!broken_) items.repeated_starts += repeated_starts(i);
    if (plan_.nodes[i].kind == node_kind::source) {
      items.in += given;
      items.out += completed;
      items.failed += failed;
      items.lost += missing;
    } else {
      lost_ends += missing;
    }
  }
  if (report_.items.failed > 0) {
    auto text =
        counted(report_.items.failed, "item") + " of " + std::to_string(report_.items.in) + " failed:";
    for (const auto& reason : total.reasons) text += "\n    " + reason;
    if (report_.items.failed > total.reasons.size()) text += "\n    ...";
    report_.errors.push_back(std::move(text));
  }
  if (report_.items.lost > 0) {
    report_.errors.push_back(counted(report_.items.lost, "item") + " of " + std::to_string(report_.items.in) +
                             " never reached the end: nobody took what became of them");
  }
  if (lost_ends > 0) {
    report_.errors.push_back("what " + counted(lost_ends, "stage process") +
                             " gave at the end did not reach the sinks");
  }
  if (report_.items.completed_twice > 0) {
    report_.errors.push_back(counted(report_.items.completed_twice, "item") +
                             " came to the sinks more than once");
  }
}

/// What went along the edges, as those know it who outlive the replicas.
void runner::hear_inboxes() {
  std::uint32_t member = replicas_;
  for (auto& node : nodes_) {
    for (const auto& each : node.inboxes) {
      try {
        const auto account = each.ask<&inbox::account>().get();
        node.accepted += account.accepted;
        for (const auto& count : account.edges) {
          if (count.edge >= report_.edges.size()) continue;
          auto& edge = report_.edges[count.edge];
          edge.items += count.items;
          edge.bytes += count.bytes;
        }
      } catch (const actor_down&) {
        return note_death(member);
      }
      ++member;
    }
  }
}

/// Turns that were begun again after a death. Each replica has one more than it has items: that in which its stream ends.
std::uint64_t runner::repeated_starts(std::uint32_t node) const {
  std::uint64_t begun = 0, expected = nodes_[node].accepted;
  for (const auto& replica : nodes_[node].replicas) {
    begun += duties_.at(replica.member).turns;
    expected += 1 + (plan_.nodes[node].kind == node_kind::source ? replica.end.given : 0);
  }
  return begun - std::min(begun, expected);
}

void runner::conclude() {
  if (!plan_.make_summary) return;
  std::vector<packed> results;
  for (auto& replica : nodes_[plan_.concluded_by].replicas) results.push_back(std::move(replica.end.result));
  try {
    report_.result = plan_.make_summary(results, report_);
    const auto& told = report_.result.errors;
    report_.errors.insert(report_.errors.end(), told.begin(), told.end());
  } catch (const std::exception& problem) {
    report_.errors.push_back(std::string{"the results could not be put together: "} + problem.what());
  }
}

}  // namespace troupe::detail
