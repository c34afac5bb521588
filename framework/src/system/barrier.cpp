#include <troupe/barrier.hpp>
#include <troupe/detail/endpoint.hpp>

#include "system/sync_object.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace troupe {
namespace {

std::uint32_t checked_parties(std::ptrdiff_t parties) {
  if (parties >= 1 && parties <= static_cast<std::ptrdiff_t>(detail::most_parties))
    return static_cast<std::uint32_t>(parties);
  throw std::invalid_argument{"troupe::barrier: a barrier has 1 to " + std::to_string(detail::most_parties) +
                              " parties, not " + std::to_string(parties)};
}

std::size_t count_waiting(detail::sync_state& state) {
  const auto round = state.figure.load() + 1;
  const auto known = state.known_parties();
  return static_cast<std::size_t>(
      std::count_if(known.begin(), known.end(), [&](const auto& each) { return each.value == round; }));
}

// What a death means: this barrier never comes to its end.
detail::on_death breaks(detail::sync_state& state) {
  return [&state](detail::party&) { state.flag = 1; };
}

[[noreturn]] void throw_broken() {
  throw broken_barrier{
      "the barrier is broken: a party ended, gave up or broke it, so the others would wait for ever; reset() "
      "makes it whole"};
}

}  // namespace

barrier::barrier(std::ptrdiff_t parties)
    : sync_handle{detail::make_sync_object(kind, checked_parties(parties))} {}

void barrier::enter() const {
  auto& state = object().state();
  const detail::guarded guard{state};
  (void)detail::join_as_party(object(), breaks(state));
}

std::size_t barrier::wait() const { return wait_until(platform::never); }
std::size_t barrier::wait_for(std::chrono::nanoseconds patience) const {
  return wait_until(platform::deadline_after(patience));
}

std::size_t barrier::wait_until(std::chrono::steady_clock::time_point until) const {
  auto& state = object().state();
  detail::guarded guard{state};
  auto& self = detail::join_as_party(object(), breaks(state));
  detail::sweep(state, breaks(state));
  if (state.flag != 0) throw_broken();
  const auto before = count_waiting(state);
  const auto round = state.figure + 1;
  self.value = round;
  if (before + 1 >= state.first) {
    state.figure = round;
    detail::changed(state);
    return before;
  }
  for (bool late = false;; late = !guard.sleep(self, until)) {
    if (self.value != round) throw_broken();  // by a reset
    if (state.figure != round - 1) return before;
    detail::sweep(state, breaks(state));
    if (state.flag == 0 && !late) continue;
    self.value = 0;
    if (state.flag != 0) throw_broken();
    state.flag = 1;
    detail::changed(state);
    throw timeout{"not all parties came to the barrier in time; it is broken for the others now"};
  }
}

void barrier::abort() const {
  auto& state = object().state();
  const detail::guarded guard{state};
  state.flag = 1;
  detail::changed(state);
}

void barrier::reset() const {
  auto& state = object().state();
  const detail::guarded guard{state};
  detail::sweep(state, breaks(state));
  const auto round = state.figure + 1;
  for (auto& each : state.known_parties()) {
    if (each.value == round) each.value = 0;
  }
  state.flag = 0;
  detail::changed(state);
}

bool barrier::broken() const {
  auto& state = object().state();
  const detail::guarded guard{state};
  detail::sweep(state, breaks(state));
  return state.flag != 0;
}

std::size_t barrier::parties() const { return object().state().first; }

std::size_t barrier::waiting() const {
  auto& state = object().state();
  const detail::guarded guard{state};
  return count_waiting(state);
}

}  // namespace troupe
