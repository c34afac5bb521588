// Locks in shared memory that survive their owner's death, and waiting for words in it to change.
#pragma once

#include "platform/clock.hpp"

#include <atomic>
#include <cstdint>
#include <pthread.h>
#include <span>

namespace troupe::platform {

/// A place to sleep on: until the word is something else than `expected`, and its writer wakes.
struct watched_word {
  const std::uint32_t* word;
  std::uint32_t expected;
};
/// Most of them at a time.
inline constexpr std::size_t max_watched_words = 128;

/// Sleeps until one of `words` is woken or is not as expected; false at the deadline. May wake without a cause. Throws
/// `std::system_error` where the kernel cannot wait for several (before Linux 5.16).
bool wait_for_change(std::span<const watched_word> words, time_point deadline);
/// Wakes every process that sleeps on it.
void wake_all(const std::atomic<std::uint32_t>& word);

/// The kernel's number of a thread.
enum class thread_number : std::uint32_t {};
[[nodiscard]] thread_number this_thread();

/// A lock between the threads of all processes that have its memory. When the thread that owns it ends, however it ends, the
/// kernel marks it (robust_list(7) in `man 2 get_robust_list`) and wakes one of those who wait.
class robust_lock {
 public:
  enum class kind : std::uint8_t { plain, recursive };
  enum class outcome : std::uint8_t {
    taken,
    owner_died,  ///< taken, and `recover` is due before it is unlocked
    busy,
    own,       ///< this thread has it already, and it is not recursive
    unusable,  ///< its memory has been written over
  };

  /// In new memory, once.
  void make(kind what);

  outcome lock(time_point deadline);
  outcome try_lock();
  /// False where this thread does not own it.
  bool unlock();
  void recover();

  enum class owner : std::uint8_t { none, alive, dead };
  /// Who owns it. Where somebody does who is alive: `watch` is then woken by his death, or when he unlocks it.
  owner watch_owner(watched_word& watch);
  [[nodiscard]] bool owner_is_dead() const;
  /// Whether that thread owns it; false once the kernel has marked its end.
  [[nodiscard]] bool is_owned_by(thread_number thread) const;

 private:
  [[nodiscard]] std::atomic_ref<int> word() const { return std::atomic_ref<int>{lock_word()}; }
  [[nodiscard]] int& lock_word() const;
  mutable pthread_mutex_t mutex_;
};

}  // namespace troupe::platform
