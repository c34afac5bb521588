#include <troupe/detail/endpoint.hpp>
#include <troupe/semaphore.hpp>

#include "system/sync_object.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace troupe {
namespace {

constexpr std::uint32_t bounded_option = 1, signals_option = 2;
constexpr std::ptrdiff_t most_permits = std::ptrdiff_t{1} << 30;

std::uint32_t checked_permits(std::ptrdiff_t permits) {
  if (permits >= 0 && permits <= most_permits) return static_cast<std::uint32_t>(permits);
  throw std::invalid_argument{"troupe::semaphore: a semaphore begins with 0 to 2^30 permits, not with " +
                              std::to_string(permits)};
}

// What parties have is theirs until they are known to be dead.
std::ptrdiff_t free_permits(detail::sync_state& state) {
  std::ptrdiff_t left = state.figure.load();
  for (const auto& each : state.known_parties()) left -= each.value.load();
  return left;
}

/// Whoever neither has a permit nor waits takes part no more.
class visit {
 public:
  visit(detail::sync_object& object, const detail::on_death& died)
      : state_{object.state()}, self_{detail::join_as_party(object, died)} {}
  visit(const visit&) = delete;
  visit& operator=(const visit&) = delete;
  ~visit() {
    if (self_.value == 0) detail::leave(state_);
  }
  [[nodiscard]] detail::party& self() const { return self_; }

 private:
  detail::sync_state& state_;
  detail::party& self_;
};

}  // namespace

semaphore::semaphore(std::ptrdiff_t permits, semaphore_options options)
    : sync_handle{detail::make_sync_object(
          kind, checked_permits(permits),
          (options.bounded ? bounded_option : 0) | (options.signals ? signals_option : 0))} {}

void semaphore::acquire() const { (void)acquire_until(platform::never); }

bool semaphore::try_acquire_for(std::chrono::nanoseconds patience) const {
  return acquire_until(patience.count() <= 0 ? platform::time_point::min()
                                             : platform::deadline_after(patience));
}

bool semaphore::acquire_until(std::chrono::steady_clock::time_point until) const {
  auto& state = object().state();
  detail::guarded guard{state};
  bool died = false;
  const auto count = [&](const detail::party& dead) { died = died || dead.value != 0; };
  const visit here{object(), count};
  for (bool late = until == platform::time_point::min();;) {
    detail::sweep(state, count);
    died = state.flag.exchange(0) != 0 || died;
    if (died) {
      throw owner_died{
          "who had a permit of the semaphore ended without giving it back; it is free again, and what "
          "it stood for may be half changed"};
    }
    if (free_permits(state) > 0) {
      (state.second & signals_option) != 0 ? --state.figure : ++here.self().value;
      return true;
    }
    if (late) return false;
    late = !guard.sleep(here.self(), until);
  }
}

void semaphore::release() const {
  auto& state = object().state();
  const detail::guarded guard{state};
  auto* const mine = detail::find_membership(state);
  if (mine != nullptr && mine->self != nullptr && mine->self->value != 0) {
    if (--mine->self->value == 0) return detail::leave(state);
  } else if ((state.second & bounded_option) != 0 &&
             ((state.second & signals_option) == 0 || state.figure >= state.first)) {
    throw not_held{
        "a permit of a bounded semaphore was given back by a thread that has none: it was released once "
        "too often, or by another thread than acquired it"};
  } else if (state.figure >= most_permits) {
    throw std::overflow_error{"troupe::semaphore: more than 2^30 permits"};
  } else {
    ++state.figure;
  }
  detail::changed(state);
}

std::ptrdiff_t semaphore::available() const {
  auto& state = object().state();
  const detail::guarded guard{state};
  return std::max<std::ptrdiff_t>(free_permits(state), 0);
}

}  // namespace troupe
