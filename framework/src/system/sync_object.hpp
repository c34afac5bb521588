// Locks and their kin in shared memory, and who takes part in them.
//
// 1. Who takes part (waits at a barrier or a semaphore, has permits, uses a mutex) is a `party`: it has a lock of its own in
//    the shared memory, its `life`, for as long. A thread's end, however it ends, marks that lock (robust_lock).
// 2. Who sleeps, sleeps on `changes` and on the lives of all other parties, so that a death wakes somebody. The kernel wakes
//    one; that one sweeps, and wakes the rest by `changes`. Where it is killed before it does, its own death wakes the next:
//    so every sleeper has a life too.
// 3. A new party counts a change, so that sleepers watch it from then on, before it does anything that it could owe.
// 4. What is counted is the sum over the parties' figures, each changed by one store: there is no state in between that a
//    death could leave.
#pragma once

#include <troupe/detail/shared_memory.hpp>
#include <troupe/detail/sync_handle.hpp>

#include "platform/clock.hpp"
#include "platform/robust_lock.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

namespace troupe::detail {

inline constexpr std::size_t most_parties = 120;

struct party {
  platform::robust_lock life;
  std::atomic<std::uint32_t>
      value;  ///< mutex: parties that died; semaphore: permits; barrier: the round that it waits for, from 1
};

/// The shared memory of each of them; what the figures mean depends on the kind.
struct sync_state {
  std::uint64_t magic;
  sync_kind kind;
  std::uint32_t first;   ///< barrier: parties
  std::uint32_t second;  ///< semaphore: its options
  std::atomic<std::uint32_t>
      figure;  ///< semaphore: permits; event: rounds and flag; barrier: rounds that are over
  std::atomic<std::uint32_t>
      flag;  ///< mutex, semaphore: an owner ended, and was not told of yet; barrier: broken
  std::atomic<std::uint32_t> changes;   ///< sleepers wake when it changes
  std::atomic<std::uint32_t> sleepers;  ///< at least as many as there are: the dead are not taken off
  std::atomic<std::uint32_t> used;      ///< parties beyond were never there
  platform::robust_lock lock;           ///< mutex: itself; else it guards what is here
  std::array<party, most_parties> parties;

  [[nodiscard]] std::span<party> known_parties();
};

/// One such object in this process; its handles share it.
class sync_object : public std::enable_shared_from_this<sync_object> {
 public:
  sync_object(sync_kind kind, std::uint32_t first, std::uint32_t second)
      : kind_{kind}, first_{first}, second_{second} {}
  explicit sync_object(std::shared_ptr<shared_memory> memory) : memory_{std::move(memory)} {}
  sync_object(const sync_object&) = delete;
  sync_object& operator=(const sync_object&) = delete;
  ~sync_object();

  sync_state& state();
  const std::shared_ptr<shared_memory>& memory();

 private:
  void make();
  sync_kind kind_{};
  std::uint32_t first_ = 0;
  std::uint32_t second_ = 0;
  std::once_flag made_;
  std::shared_ptr<shared_memory> memory_;
};

/// What this thread has to do with one of them.
struct membership {
  std::shared_ptr<shared_memory> memory;  ///< not unmapped while a lock in it is this thread's
  sync_state* state = nullptr;
  party* self = nullptr;    ///< null where all places are taken
  std::uint32_t locks = 0;  ///< how often it has the mutex
};

using on_death = std::function<void(party& dead)>;

/// This thread's membership; null where it has none.
[[nodiscard]] membership* find_membership(const sync_state& state);
/// This thread's membership, a new one if need be.
[[nodiscard]] membership& join(sync_object& object, const on_death& died);
/// As above; throws `std::length_error` where all places are taken.
[[nodiscard]] party& join_as_party(sync_object& object, const on_death& died);
/// Ends this thread's membership, in good order.
void leave(sync_state& state);

/// Calls `died` for each party that has died since, and gives its place back; true where there was one.
bool sweep(sync_state& state, const on_death& died);
/// Wakes all sleepers.
void changed(sync_state& state);

/// Holds `lock` as the guard of the rest. Where its last owner died there is nothing to mend.
class guarded {
 public:
  explicit guarded(sync_state& state) : state_{state} { lock(); }
  guarded(const guarded&) = delete;
  guarded& operator=(const guarded&) = delete;
  ~guarded() { state_.lock.unlock(); }

  /// Gives the guard up meanwhile, and waits for a change or the death of a party other than `self`; false at the deadline.
  bool sleep(const party& self, platform::time_point until);

 private:
  void lock();
  sync_state& state_;
};

/// Sleeps until one of them changes, or a party of `watched` but `self` dies; false at the deadline.
bool sleep_on(std::atomic<std::uint32_t>& word, std::uint32_t expected, sync_state& watched,
              std::uint32_t expected_changes, const party* self, platform::time_point until);

[[noreturn]] void throw_unusable();

}  // namespace troupe::detail
