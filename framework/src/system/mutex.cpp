#include <troupe/condition.hpp>
#include <troupe/detail/endpoint.hpp>
#include <troupe/mutex.hpp>

#include "system/sync_object.hpp"

namespace troupe {
namespace detail {
namespace {

using outcome = platform::robust_lock::outcome;

// Those who sleep at a condition of this mutex compare how often.
on_death counted(sync_state& state) {
  return [&state](party& /*dead*/) { ++state.figure; };
}

[[noreturn]] void throw_owner_died() {
  throw owner_died{
      "the owner of the mutex ended without unlocking it, and what it protects may be half changed: who can "
      "judge or mend "
      "that calls recover()"};
}

/// Whether the lock was taken; `is_late` where it was its owner's end that gave it to us.
bool take(sync_object& object, platform::time_point until, bool tries, bool& owner_is_dead) {
  auto& state = object.state();
  auto& mine = join(object, counted(state));
  const auto result = tries ? state.lock.try_lock() : state.lock.lock(until);
  switch (result) {
    case outcome::busy: return false;
    case outcome::own:
      throw would_deadlock{"this thread has the mutex already: unlock it first, or take a recursive_mutex"};
    case outcome::unusable: throw_unusable();
    case outcome::owner_died:
      state.flag = 1;  // first: a death here leaves it as it was
      state.lock.recover();
      break;
    case outcome::taken: break;
  }
  ++mine.locks;
  owner_is_dead = state.flag != 0;
  return true;
}

void give_back(sync_object& object) {
  auto& state = object.state();
  auto* const mine = find_membership(state);
  if (mine == nullptr || mine->locks == 0 || !state.lock.unlock())
    throw not_held{"the mutex was unlocked by a thread that does not have it"};
  --mine->locks;
}

bool take_whole(sync_object& object, platform::time_point until, bool tries) {
  bool owner_is_dead = false;
  if (!take(object, until, tries, owner_is_dead)) return false;
  if (!owner_is_dead) return true;
  give_back(object);
  throw_owner_died();
}

}  // namespace

void lockable::lock() const { (void)take_whole(object(), platform::never, false); }
bool lockable::try_lock() const { return take_whole(object(), {}, true); }
bool lockable::try_lock_for(std::chrono::nanoseconds patience) const {
  return take_whole(object(), platform::deadline_after(patience), patience.count() <= 0);
}
void lockable::unlock() const { give_back(object()); }

bool lockable::recover() const {
  bool owner_is_dead = false;
  (void)take(object(), platform::never, false, owner_is_dead);
  object().state().flag = 0;
  return owner_is_dead;
}

}  // namespace detail

// --- Conditions -----------------------------------------------------------------------------------------------------------

std::chrono::steady_clock::time_point condition::deadline_after(std::chrono::nanoseconds patience) {
  return platform::deadline_after(patience);
}

bool condition::wait_for(std::unique_lock<mutex>& lock, std::chrono::nanoseconds patience) const {
  return wait_until(lock, deadline_after(patience));
}

void condition::notify_all() const {
  auto& state = object().state();
  state.changes.fetch_add(1);
  platform::wake_all(state.changes);
}

// Who has the mutex is a party of it. All who sleep here watch the parties, so that a death is heard by somebody, who counts
// it and wakes the others: each then tries the lock, which says whether it was the dead one's.
bool condition::wait_until(std::unique_lock<mutex>& lock, std::chrono::steady_clock::time_point until) const {
  if (!lock.owns_lock()) throw not_held{"a wait at a condition without its lock"};
  auto& state = object().state();
  auto& used = static_cast<const detail::lockable&>(*lock.mutex()).object();
  auto& watched = used.state();
  const auto count = detail::counted(watched);
  const auto& self = detail::join_as_party(used, count);
  const auto notified = state.changes.load();
  for (;;) {
    const auto deaths = watched.figure.load();
    lock.unlock();
    bool in_time = true;
    while (in_time) {
      const auto changes = watched.changes.load();  // first: a death is counted before it is a change
      if (state.changes != notified || watched.figure != deaths) break;
      in_time = detail::sleep_on(state.changes, notified, watched, changes, &self, until);
      detail::sweep(watched, count);
    }
    lock.lock();
    if (state.changes != notified) return true;
    if (!in_time) return false;
  }
}

}  // namespace troupe
