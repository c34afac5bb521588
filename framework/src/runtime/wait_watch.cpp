#include "runtime/wait_watch.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe::runtime {
namespace {

// Most waits are over before that, and then cost nothing.
constexpr auto unsuspicious = std::chrono::milliseconds{50};

}  // namespace

wait_watch::wait::wait(wait_watch& watch, std::span<const std::uint32_t> on, platform::time_point until)
    : watch_{watch}, outer_{watch.innermost_}, on_{on}, until_{until}, number_{++watch.last_number_} {
  watch_.innermost_ = this;
}

void wait_watch::wait::check() const {
  if (watch_.verdict_.wait != number_) return;
  throw would_deadlock{"waiting any longer would be for ever: " + watch_.verdict_.circle};
}

platform::time_point wait_watch::wait::before_sleep(bool is_blocked) {
  using process_layer::wait_kind;
  if (until_ != platform::never) {
    watch_.answer({});
    return until_;
  }
  const auto now = platform::time_point::clock::now();
  if (since_ == platform::time_point{}) {
    since_ = now;
    report_at_ = is_blocked ? now : now + unsuspicious;
  }
  if (watch_.has_questions()) {
    watch_.answer({wait_kind::waiting, number_, since_.time_since_epoch().count(), {on_.begin(), on_.end()}});
  }
  if (now >= report_at_) {
    watch_.link_.send(process_layer::blocked{});
    report_at_ = platform::never;
  }
  return report_at_;
}

void wait_watch::answer(const process_layer::wait_state& state) {
  for (const auto inquiry : std::exchange(questions_, {}))
    link_.send(process_layer::standing{inquiry, state});
}

}  // namespace troupe::runtime
