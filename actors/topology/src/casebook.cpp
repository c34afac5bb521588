#include "casebook.hpp"

#include <utility>

namespace troupe::detail {

namespace {

std::string as_before(unsigned deaths) {
  if (deaths < 2) return {};
  return deaths == 2 ? ", as at the death before"
                     : ", as at each of the " + std::to_string(deaths - 1) + " deaths before";
}

/// "count" of "count-2": all replicas of a node are one, where an item is to blame.
std::string node_of(const std::string& name) { return name.substr(0, name.find_last_of('-')); }

}  // namespace

bool is_consequence(const exit_status& status) { return status.exception_type == "troupe::actor_down"; }

casebook::casebook(const graph& plan, const run_options& options) : plan_{plan}, options_{options} {
  if (options.chaos) chaos_.emplace(*options.chaos);
}

std::optional<std::string> casebook::judge(std::uint32_t member, const crew::member& whom,
                                           const exit_status& status, const duty& line, duty_state state) {
  if (note_victim(whom, state) || (is_consequence(status) && options_.max_attempts > 1)) return std::nullopt;
  const bool works = state == duty_state::working;
  const auto deaths = works ? ++deaths_at_[{node_of(whom.handle.name()), line.origin, line.ordinal}]
                            : attempts_without_work(member, line);
  const bool is_answer = status.kind == exit_kind::exception && !is_consequence(status);
  if (!is_answer && deaths < options_.max_attempts) return std::nullopt;
  return obituary(whom, status, doing(whom, line, works) + as_before(deaths));
}

bool casebook::note_victim(const crew::member& whom, duty_state state) {
  if (!chaos_ || !chaos_->note_death(whom, state)) return false;
  attempt_had_victims_ = true;
  return true;
}

unsigned casebook::attempts_without_work(std::uint32_t member, const duty& line) {
  auto& here = barren_[member];
  if (line.turns != here.turns) here = {line.turns, 0};
  return ++here.deaths;
}

std::string casebook::doing(const crew::member& whom, const duty& line, bool works) const {
  if (whom.is_elsewhere) return "what it was at is not known: it was on another node";
  return works ? "it was at " + item_named(line) : std::string{"it was at no item"};
}

/// The line is the dead process's word: its numbers need not be those of a node.
std::string casebook::item_named(const duty& line) const {
  const auto& nodes = plan_.nodes;
  const auto of = line.origin < nodes.size() ? " of '" + nodes[line.origin].name + "'" : std::string{};
  return "item " + std::to_string(line.ordinal) + of;
}

void casebook::note_restart(std::uint64_t turns_in_vain) {
  ++all_restarts_;
  if (!std::exchange(attempt_had_victims_, false)) ++restarts_;
  turns_in_vain_ += turns_in_vain;
}

void casebook::note_pass() {
  ++passes_;
  attempt_had_victims_ = false;
  deaths_at_.clear();
  barren_.clear();
}

run_report::chaos_counts casebook::counts() const {
  auto all = chaos_ ? chaos_->counts() : run_report::chaos_counts{};
  all.passes = passes_;
  all.healed = healed_;
  all.restarts = all_restarts_;
  return all;
}

}  // namespace troupe::detail
