#include "campaign.hpp"

#include "runner.hpp"

#include <algorithm>

namespace troupe::detail {

run_report campaign::run() {
  plan_.check();
  for (;;) {
    runner attempt{plan_, system_, options_, book_};
    auto report = attempt.run();
    if (auto* const chaos = book_.chaos()) chaos->forget_crew();
    if (attempt.is_to_begin_again()) {
      book_.note_restart(attempt.turns());
      continue;
    }
    if (attempt.has_ended()) book_.note_pass();
    if (attempt.has_ended() && wants_another_pass(report)) continue;
    complete(report);
    return report;
  }
}

/// A pass in which something went wrong is not covered up by those after it.
bool campaign::wants_another_pass(const run_report& report) {
  constexpr unsigned most_in_vain = 100;
  auto* const chaos = book_.chaos();
  if (chaos == nullptr || !chaos->wants_more() || report.items.lost > 0 || report.items.completed_twice > 0)
    return false;
  results_.push_back(report.result.json);
  const auto faults = chaos->counts().kills + chaos->counts().stops;
  passes_in_vain_ = faults == faults_ ? passes_in_vain_ + 1 : 0;
  faults_ = faults;
  return passes_in_vain_ < most_in_vain;
}

void campaign::complete(run_report& report) {
  report.seconds = std::chrono::duration<double>{std::chrono::steady_clock::now() - began_}.count();
  report.chaos = book_.counts();
  report.items.repeated_starts += book_.turns_in_vain();
  const auto same = std::count(results_.begin(), results_.end(), report.result.json);
  report.chaos.differing = results_.size() - static_cast<std::size_t>(same);
  if (passes_in_vain_ > 0 && book_.chaos()->wants_more() && report.errors.empty()) {
    report.errors.emplace_back(
        "the faults that were asked for could not be done: nobody was at anything for long enough. Give it "
        "more input");
    report.ok = false;
  }
}

}  // namespace troupe::detail

namespace troupe {

run_report topology::run(actor_system& system, const run_options& options) const {
  return detail::campaign{graph_, system, options}.run();
}

}  // namespace troupe
