#include "platform/robust_lock.hpp"

#include "platform/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace troupe::platform {
namespace {

timespec to_timespec(time_point when) {
  const auto since = when.time_since_epoch();
  const auto whole = std::chrono::floor<std::chrono::seconds>(since);
  return {static_cast<time_t>(whole.count()),
          static_cast<long>(std::chrono::nanoseconds{since - whole}.count())};
}

long wait_for_one(const watched_word& one, const timespec* until) {
  return ::syscall(SYS_futex, one.word, FUTEX_WAIT_BITSET, one.expected, until, nullptr,
                   FUTEX_BITSET_MATCH_ANY);
}

long wait_for_several(std::span<const watched_word> words, const timespec* until) {
  std::array<futex_waitv, max_watched_words> waits{};
  const auto count = std::min(words.size(), waits.size());
  for (std::size_t i = 0; i < count; ++i) {
    waits[i].val = words[i].expected;
    waits[i].uaddr = reinterpret_cast<std::uintptr_t>(words[i].word);
    waits[i].flags = FUTEX_32;
  }
  return ::syscall(SYS_futex_waitv, waits.data(), static_cast<unsigned>(count), 0U, until, CLOCK_MONOTONIC);
}

robust_lock::outcome outcome_of(int result) {
  switch (result) {
    case 0: return robust_lock::outcome::taken;
    case EOWNERDEAD: return robust_lock::outcome::owner_died;
    case EBUSY:
    case ETIMEDOUT: return robust_lock::outcome::busy;
    case EDEADLK: return robust_lock::outcome::own;
    default: return robust_lock::outcome::unusable;
  }
}

}  // namespace

bool wait_for_change(std::span<const watched_word> words, time_point deadline) {
  const auto until = deadline == never ? timespec{} : to_timespec(deadline);
  const auto* const limit = deadline == never ? nullptr : &until;
  const long woken = words.size() == 1 ? wait_for_one(words.front(), limit) : wait_for_several(words, limit);
  if (woken >= 0 || errno == EAGAIN || errno == EINTR) return true;
  if (errno == ETIMEDOUT) return false;
  throw_system_error(errno, "futex_waitv", "shared memory");
}

void wake_all(const std::atomic<std::uint32_t>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void robust_lock::make(kind what) {
  pthread_mutexattr_t attributes;
  ::pthread_mutexattr_init(&attributes);
  ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  ::pthread_mutexattr_settype(&attributes,
                              what == kind::plain ? PTHREAD_MUTEX_ERRORCHECK : PTHREAD_MUTEX_RECURSIVE);
  const int result = ::pthread_mutex_init(&mutex_, &attributes);
  ::pthread_mutexattr_destroy(&attributes);
  if (result != 0) throw_system_error(result, "pthread_mutex_init", "shared memory");
}

robust_lock::outcome robust_lock::lock(time_point deadline) {
  if (deadline == never) return outcome_of(::pthread_mutex_lock(&mutex_));
  const auto until = to_timespec(deadline);
  return outcome_of(::pthread_mutex_clocklock(&mutex_, CLOCK_MONOTONIC, &until));
}

robust_lock::outcome robust_lock::try_lock() {
  const auto result = outcome_of(::pthread_mutex_trylock(&mutex_));
  return result == outcome::own ? outcome::busy : result;
}

bool robust_lock::unlock() { return ::pthread_mutex_unlock(&mutex_) == 0; }

void robust_lock::recover() { ::pthread_mutex_consistent(&mutex_); }

// The kernel and glibc agree about this word: it is part of the mutex's binary interface.
int& robust_lock::lock_word() const { return mutex_.__data.__lock; }

robust_lock::owner robust_lock::watch_owner(watched_word& watch) {
  for (int seen = word().load(std::memory_order_acquire);;) {
    const auto bits = static_cast<std::uint32_t>(seen);
    if ((bits & FUTEX_OWNER_DIED) != 0) return owner::dead;
    if ((bits & FUTEX_TID_MASK) == 0) return owner::none;
    // Without that bit its end would wake nobody.
    const auto waited_for = bits | FUTEX_WAITERS;
    if (!word().compare_exchange_strong(seen, static_cast<int>(waited_for))) continue;
    watch = {reinterpret_cast<const std::uint32_t*>(&lock_word()), waited_for};
    return owner::alive;
  }
}

bool robust_lock::owner_is_dead() const {
  return (static_cast<std::uint32_t>(word().load(std::memory_order_acquire)) & FUTEX_OWNER_DIED) != 0;
}

bool robust_lock::is_owned_by(thread_number thread) const {
  const auto bits = static_cast<std::uint32_t>(word().load(std::memory_order_acquire));
  return (bits & FUTEX_TID_MASK) == static_cast<std::uint32_t>(thread);
}

thread_number this_thread() { return thread_number{static_cast<std::uint32_t>(::syscall(SYS_gettid))}; }

}  // namespace troupe::platform
