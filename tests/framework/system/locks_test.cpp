// Locks and their kin between processes, and what becomes of them when who has them is killed.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"
#include "support/scaled.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <random>
#include <signal.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

[[noreturn]] void wait_for_ever() {
  for (;;) ::pause();
}

template <class Lock>
void add_under(Lock lock, troupe::shared_value<long> counter, int times) {
  for (int i = 0; i < times; ++i) {
    const std::lock_guard guard{lock};
    *counter = *counter + 1;
  }
}

template <class Lock>
void hold(const Lock& lock, const troupe::event& held) {
  lock.lock();
  held.set();
  wait_for_ever();
}

void hold_permits(const troupe::semaphore& semaphore, int permits, const troupe::event& held) {
  for (int i = 0; i < permits; ++i) semaphore.acquire();
  held.set();
  wait_for_ever();
}

/// Changes two numbers under a lock, again and again; whoever finds them half changed has been told of it.
void add_to_both(const troupe::mutex& lock, const troupe::shared_array<long>& both) {
  auto* const first = &both.span()[0];
  auto* const second = &both.span()[1];
  for (;;) {
    try {
      const std::lock_guard guard{lock};
      if (*first != *second) std::abort();
      ++*first;
      ++*second;
    } catch (const troupe::owner_died&) {
      if (lock.recover()) *second = *first;
      lock.unlock();
    }
  }
}

/// What a wait ended with, told by adding to one of these.
struct outcomes {
  int got = 0;
  int died = 0;
  int broken = 0;
  int ready = 0;  ///< who has begun, and will sleep next
};
using scores = troupe::shared_value<outcomes>;
void count(int& which) { std::atomic_ref<int>{which}.fetch_add(1); }

template <class Lock>
void try_to_lock(const Lock& lock, const scores& score, const troupe::event& ready) {
  ready.set();
  try {
    lock.lock();
    count(score->got);
    lock.unlock();
  } catch (const troupe::owner_died&) {
    count(score->died);
  }
}

void acquire_and_keep(const troupe::semaphore& semaphore, const scores& score) {
  count(score->ready);
  try {
    semaphore.acquire();
    count(score->got);
    wait_for_ever();
  } catch (const troupe::owner_died&) {
    count(score->died);
  }
}

void come(const troupe::barrier& barrier, const scores& score, int rounds) {
  try {
    for (int i = 0; i < rounds; ++i) (void)barrier.wait();
    count(score->got);
  } catch (const troupe::broken_barrier&) {
    count(score->broken);
  }
}
void come_and_stay(const troupe::barrier& barrier, const troupe::event& entered, bool waits) {
  barrier.enter();
  entered.set();
  if (waits) (void)barrier.wait();
  wait_for_ever();
}
void fail_between_rounds(const troupe::barrier& barrier) {
  (void)barrier.wait();
  throw std::runtime_error{"a party's own mistake"};
}

void wait_at(const troupe::condition& condition, troupe::mutex mutex, const troupe::shared_value<int>& ready,
             const scores& score) {
  try {
    std::unique_lock lock{mutex};
    ++*ready;
    condition.wait(lock);
    count(score->got);
  } catch (const troupe::owner_died&) {
    count(score->died);
    wait_for_ever();  // its own end is not to be what the others hear of
  }
}

void wait_until_odd(const troupe::condition& condition, troupe::mutex mutex,
                    const troupe::shared_value<int>& ball, int times) {
  for (int i = 0; i < times; ++i) {
    std::unique_lock lock{mutex};
    condition.wait(lock, [&] { return *ball % 2 == 1; });
    ++*ball;
    condition.notify_one();
  }
}

void lock_and_leave(const troupe::mutex& lock) { lock.lock(); }
void acquire_and_leave(const troupe::semaphore& semaphore) { semaphore.acquire(); }

void wait_for_event(const troupe::event& event, const scores& score) {
  count(score->ready);
  event.wait();
  count(score->got);
}

class keeper {
 public:
  void take(troupe::mutex lock) { lock_ = std::move(lock); }
  troupe::mutex give() const { return lock_; }
  bool try_it() {
    if (!lock_.try_lock()) return false;
    lock_.unlock();
    return true;
  }

 private:
  troupe::mutex lock_;
};

void join_all(const std::vector<troupe::process>& all) {
  for (const auto& each : all) CHECK(each.join().ok());
}

/// Asleep in the kernel: what tells no event.
bool sleeps(const troupe::process& who) {
  const int pid = who.pid();
  return support::wait_until([&] { return support::state_of(pid) == 'S'; });
}

/// So many have begun, and this one sleeps now: not while its process is being started.
bool sleeps(const troupe::process& who, const scores& score, int begun) {
  return support::wait_until([&] { return std::atomic_ref<int>{score->ready} == begun; }) && sleeps(who);
}

}  // namespace

TEMPLATE_TEST_CASE("a counter under a lock loses nothing", "", troupe::mutex, troupe::recursive_mutex) {
  troupe::actor_system system;
  const TestType lock;
  const troupe::shared_value<long> counter{0};
  std::vector<troupe::process> all;
  for (int i = 0; i < 4; ++i) all.push_back(system.spawn<add_under<TestType>>(lock, counter, 3000));
  join_all(all);
  CHECK(*counter == 12'000);
}

TEMPLATE_TEST_CASE("kill -9 of who has a lock blocks nobody, who waits and who comes get owner_died", "",
                   troupe::mutex, troupe::recursive_mutex) {
  troupe::actor_system system;
  const TestType lock;
  const troupe::event held;
  const scores score{{}};
  auto owner = system.spawn<hold<TestType>>(lock, held);
  held.wait();
  CHECK_FALSE(lock.try_lock());
  CHECK_FALSE(lock.try_lock_for(20ms));
  std::vector<troupe::process> waiting;
  for (int i = 0; i < 3; ++i) {
    const troupe::event ready;
    waiting.push_back(system.spawn<try_to_lock<TestType>>(lock, score, ready));
    ready.wait();
    REQUIRE(sleeps(waiting.back()));
  }
  owner.kill();
  join_all(waiting);
  CHECK(score->died == 3);
  CHECK_THROWS_AS(lock.lock(), troupe::owner_died);
  CHECK_THROWS_AS(lock.try_lock(), troupe::owner_died);

  CHECK(lock.recover());  // and the lock is held
  lock.unlock();
  CHECK_FALSE(lock.recover());
  lock.unlock();
  CHECK(lock.try_lock());
  lock.unlock();
}

TEST_CASE(
    "killed anywhere in locking, changing and unlocking, a process leaves a lock that says so, and hangs "
    "nobody") {
  std::mt19937 random{GENERATE(1U, 2U, 3U)};
  troupe::actor_system system{{.output = troupe::output::discard}};
  const troupe::mutex lock;
  const troupe::shared_array<long> both(2);
  const std::atomic_ref<long> count{both.span()[0]};
  const auto start = [&] { return system.spawn<add_to_both>(lock, both); };
  std::vector<troupe::process> all;
  for (int i = 0; i < 3; ++i) all.push_back(start());
  for (int round = 0; round < support::scaled(200); ++round) {
    const auto before = count.load();
    REQUIRE(support::wait_until([&] { return count.load() > before + 100; }));
    std::this_thread::sleep_for(std::chrono::microseconds{random() % 200});  // where in its work it dies
    auto& one = all[random() % all.size()];
    one.kill();
    REQUIRE(one.join().code == SIGKILL);
    one = start();
  }
  for (auto& each : all) {
    each.kill();
    CHECK(each.join().code == SIGKILL);
  }
  if (!lock.recover()) CHECK(both.span()[0] == both.span()[1]);
  lock.unlock();
}

TEST_CASE("who recovers a lock and dies leaves it to the next") {
  troupe::actor_system system;
  const troupe::mutex lock;
  for (int i = 0; i < 3; ++i) {
    const troupe::event held;
    auto owner = system.spawn<hold<troupe::mutex>>(lock, held);
    held.wait();
    owner.kill();
    owner.join();
    CHECK(lock.recover());
    lock.unlock();
  }
}

TEST_CASE("kill -9 of who has a lock and of who waits for it at once blocks nobody") {
  troupe::actor_system system;
  for (int i = 0; i < 10; ++i) {
    const troupe::mutex lock;
    const troupe::event held, ready, last_ready;
    const scores score{{}};
    auto owner = system.spawn<hold<troupe::mutex>>(lock, held);
    held.wait();
    auto first = system.spawn<try_to_lock<troupe::mutex>>(lock, score, ready);
    ready.wait();
    auto last = system.spawn<try_to_lock<troupe::mutex>>(lock, score, last_ready);
    last_ready.wait();
    REQUIRE((sleeps(first) && sleeps(last)));
    owner.kill();
    first.kill();
    CHECK(last.join().ok());
    CHECK(score->died >= 1);
  }
}

TEST_CASE("a thread that ends with a lock is as dead as a process") {
  const troupe::mutex lock;
  std::thread{[&] { lock.lock(); }}.join();
  CHECK_THROWS_AS(lock.lock(), troupe::owner_died);
  CHECK(lock.recover());
  lock.unlock();
}

TEST_CASE("wrong uses of a lock are told, and change nothing") {
  const troupe::mutex lock;
  CHECK_THROWS_AS(lock.unlock(), troupe::not_held);
  lock.lock();
  CHECK_THROWS_AS(lock.lock(), troupe::would_deadlock);
  CHECK_FALSE(lock.try_lock());
  std::thread{[&] { CHECK_THROWS_AS(lock.unlock(), troupe::not_held); }}.join();
  lock.unlock();
  CHECK_THROWS_AS(lock.unlock(), troupe::not_held);
  CHECK(lock.try_lock_for(1ms));
  lock.unlock();

  const troupe::recursive_mutex again;
  again.lock();
  again.lock();
  again.unlock();
  std::thread{[&] { CHECK_FALSE(again.try_lock()); }}.join();
  again.unlock();
  CHECK_THROWS_AS(again.unlock(), troupe::not_held);
}

TEST_CASE("a lock whose last handle goes while it is held harms nobody") {
  troupe::actor_system system;
  const troupe::mutex shared;
  CHECK(system.spawn<lock_and_leave>(shared).join().ok());
  CHECK_THROWS_AS(shared.lock(), troupe::owner_died);
  const troupe::semaphore permits{1};
  CHECK(system.spawn<acquire_and_leave>(permits).join().ok());
  CHECK_THROWS_AS(permits.acquire(), troupe::owner_died);
  CHECK(permits.available() == 1);
  {
    const troupe::mutex lock;
    lock.lock();
  }
  const troupe::mutex other;
  other.lock();
  other.unlock();
}

TEST_CASE("locks travel in tells and in answers, and are the same there and here") {
  troupe::actor_system system;
  const auto actor = system.spawn<keeper>();
  const troupe::mutex lock;
  actor.tell<&keeper::take>(lock);
  lock.lock();
  CHECK_FALSE(actor.ask<&keeper::try_it>().get());
  const auto back = actor.ask<&keeper::give>().get();
  CHECK(back == lock);
  back.unlock();
  CHECK(actor.ask<&keeper::try_it>().get());
}

TEST_CASE("terminate ends a process that waits for a lock") {
  troupe::actor_system system;
  const troupe::mutex lock;
  const scores score{{}};
  const troupe::event ready;
  lock.lock();
  auto waiting = system.spawn<try_to_lock<troupe::mutex>>(lock, score, ready);
  ready.wait();
  REQUIRE(sleeps(waiting));
  waiting.terminate();
  CHECK(waiting.join().code == SIGTERM);
  lock.unlock();
  CHECK(lock.try_lock());
  lock.unlock();
}

// --- Semaphores -----------------------------------------------------------------------------------------------------------

TEST_CASE("a semaphore gives out what it has, and a release wakes who waits") {
  troupe::actor_system system;
  const troupe::semaphore semaphore{2};
  semaphore.acquire();
  CHECK(semaphore.try_acquire());
  CHECK_FALSE(semaphore.try_acquire());
  CHECK_FALSE(semaphore.try_acquire_for(10ms));
  CHECK(semaphore.available() == 0);
  const scores score{{}};
  auto waiting = system.spawn<acquire_and_keep>(semaphore, score);
  REQUIRE(sleeps(waiting, score, 1));
  semaphore.release();
  CHECK(support::wait_until([&] { return std::atomic_ref<int>{score->got} == 1; }));
  semaphore.release();
  CHECK(semaphore.available() == 1);
}

TEST_CASE("kill -9 of who has permits gives them back: one hears of it, all others get theirs") {
  troupe::actor_system system;
  const troupe::semaphore semaphore{3};
  const troupe::event held;
  const scores score{{}};
  auto owner = system.spawn<hold_permits>(semaphore, 3, held);
  held.wait();
  std::vector<troupe::process> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.push_back(system.spawn<acquire_and_keep>(semaphore, score));
    REQUIRE(sleeps(waiting.back(), score, i + 1));
  }
  owner.kill();
  CHECK(support::wait_until([&] { return std::atomic_ref<int>{score->got} == 3; }));
  CHECK(support::wait_until([&] { return std::atomic_ref<int>{score->died} == 1; }));
  for (const auto& each : waiting) each.kill();
  for (const auto& each : waiting) each.join();
  CHECK_THROWS_AS(semaphore.acquire(), troupe::owner_died);
  CHECK(semaphore.available() == 3);
  semaphore.acquire();
  semaphore.release();
}

TEST_CASE("kill -9 of who has a permit and of those who wait, all but one, blocks nobody") {
  troupe::actor_system system;
  for (int i = 0; i < 10; ++i) {
    const troupe::semaphore semaphore{1};
    const troupe::event held;
    const scores score{{}};
    std::vector<troupe::process> dying{system.spawn<hold_permits>(semaphore, 1, held)};
    held.wait();
    for (int j = 0; j < 3; ++j) {
      dying.push_back(system.spawn<acquire_and_keep>(semaphore, score));
      REQUIRE(sleeps(dying.back(), score, j + 1));
    }
    auto last = system.spawn<acquire_and_keep>(semaphore, score);
    REQUIRE(sleeps(last, score, 4));
    for (const auto& each : dying) each.kill();
    CHECK(support::wait_until([&] { return score->got + score->died >= 1; }));
    last.kill();
    last.join();
  }
}

TEST_CASE("wrong counts of a semaphore are told") {
  CHECK_THROWS_AS(troupe::semaphore{-1}, std::invalid_argument);
  const troupe::semaphore bounded{1, {.bounded = true}};
  CHECK_THROWS_AS(bounded.release(), troupe::not_held);
  bounded.acquire();
  bounded.release();
  CHECK_THROWS_AS(bounded.release(), troupe::not_held);
  CHECK(bounded.available() == 1);
  const troupe::semaphore signals{0, {.signals = true}};
  signals.release();
  CHECK(signals.try_acquire());
  CHECK(signals.available() == 0);
  CHECK_THROWS_AS(troupe::semaphore{}.acquire(), std::logic_error);
}

// --- Events ---------------------------------------------------------------------------------------------------------------

TEST_CASE("an event wakes everyone who waits, and lets pass who comes later") {
  troupe::actor_system system;
  const troupe::event event;
  const scores score{{}};
  CHECK_FALSE(event.is_set());
  CHECK_FALSE(event.wait_for(5ms));
  std::vector<troupe::process> all;
  for (int i = 0; i < 3; ++i) all.push_back(system.spawn<wait_for_event>(event, score));
  for (const auto& each : all) REQUIRE(sleeps(each, score, 3));
  event.set();
  event.clear();  // at once: those who waited pass all the same
  join_all(all);
  CHECK(score->got == 3);
  CHECK_FALSE(event.wait_for(0s));
  event.set();
  event.set();
  CHECK(event.wait_for(0s));
  event.wait();
}

TEST_CASE("kill -9 of who waits for an event changes nothing for the others") {
  troupe::actor_system system;
  const troupe::event event;
  const scores score{{}};
  auto first = system.spawn<wait_for_event>(event, score);
  auto second = system.spawn<wait_for_event>(event, score);
  REQUIRE((sleeps(first, score, 2) && sleeps(second)));
  first.kill();
  first.join();
  event.set();
  CHECK(second.join().ok());
}

// --- Conditions -----------------------------------------------------------------------------------------------------------

TEST_CASE("a condition hands a ball to and fro") {
  troupe::actor_system system;
  const troupe::condition condition;
  troupe::mutex mutex;
  const troupe::shared_value<int> ball{0};
  auto other = system.spawn<wait_until_odd>(condition, mutex, ball, 200);
  for (int i = 0; i < 200; ++i) {
    std::unique_lock lock{mutex};
    condition.wait(lock, [&] { return *ball % 2 == 0; });
    ++*ball;
    condition.notify_one();
  }
  CHECK(other.join().ok());
  CHECK(*ball == 400);
}

TEST_CASE("kill -9 of who has the mutex ends the waits at its condition with owner_died") {
  troupe::actor_system system;
  const troupe::condition condition;
  const troupe::mutex mutex;
  const troupe::shared_value<int> ready{0};
  const troupe::event held;
  const scores score{{}};
  std::vector<troupe::process> all;
  for (int i = 1; i <= 3; ++i) {
    all.push_back(system.spawn<wait_at>(condition, mutex, ready, score));
    CHECK(support::wait_until([&] { return ready.load() == i; }));
    REQUIRE(sleeps(all.back()));
  }
  auto owner = system.spawn<hold<troupe::mutex>>(mutex, held);  // comes after they sleep
  held.wait();
  owner.kill();
  CHECK(support::wait_until([&] { return std::atomic_ref<int>{score->died} == 3; }));
  for (const auto& each : all) each.kill();
}

TEST_CASE("kill -9 of who waits at a condition loses no notification of the others") {
  troupe::actor_system system;
  const troupe::condition condition;
  const troupe::mutex mutex;
  const troupe::shared_value<int> ready{0};
  const scores score{{}};
  auto first = system.spawn<wait_at>(condition, mutex, ready, score);
  CHECK(support::wait_until([&] { return ready.load() == 1; }));
  auto second = system.spawn<wait_at>(condition, mutex, ready, score);
  CHECK(support::wait_until([&] { return ready.load() == 2; }));
  REQUIRE((sleeps(first) && sleeps(second)));
  first.kill();
  condition.notify_one();
  CHECK(second.join().ok());
}

TEST_CASE("wrong uses of a condition are told, and its waits have an end") {
  const troupe::condition condition;
  troupe::mutex mutex;
  std::unique_lock lock{mutex, std::defer_lock};
  CHECK_THROWS_AS(condition.wait(lock), troupe::not_held);
  lock.lock();
  CHECK_FALSE(condition.wait_for(lock, 5ms));
  CHECK(lock.owns_lock());
  CHECK_FALSE(condition.wait_for(lock, 5ms, [] { return false; }));
  CHECK(condition.wait_for(lock, 5ms, [] { return true; }));
}

// --- Barriers -------------------------------------------------------------------------------------------------------------

TEST_CASE("at a barrier all wait for the last, again and again") {
  troupe::actor_system system;
  const troupe::barrier barrier{4};
  const scores score{{}};
  std::vector<troupe::process> all;
  for (int i = 0; i < 4; ++i) all.push_back(system.spawn<come>(barrier, score, 50));
  join_all(all);
  CHECK(score->got == 4);
  CHECK_FALSE(barrier.broken());
  CHECK(barrier.parties() == 4);
}

TEST_CASE("kill -9 of a party breaks the barrier for those who wait and those who come, until it is reset") {
  const bool waits = GENERATE(true, false);
  troupe::actor_system system;
  const troupe::barrier barrier{4};
  const troupe::event entered;
  const scores score{{}};
  auto party = system.spawn<come_and_stay>(barrier, entered, waits);
  entered.wait();
  std::vector<troupe::process> all;
  for (int i = 0; i < 2; ++i) {
    all.push_back(system.spawn<come>(barrier, score, 1));
    REQUIRE(sleeps(all.back()));
  }
  const std::size_t expected = waits ? 3 : 2;
  REQUIRE(support::wait_until([&] { return barrier.waiting() == expected; }));
  party.kill();
  join_all(all);
  CHECK(score->broken == 2);
  CHECK(barrier.broken());
  CHECK_THROWS_AS(barrier.wait(), troupe::broken_barrier);

  barrier.reset();
  CHECK_FALSE(barrier.broken());
  all.clear();
  for (int i = 0; i < 3; ++i) all.push_back(system.spawn<come>(barrier, score, 1));
  (void)barrier.wait();
  join_all(all);
  CHECK(score->got == 3);
}

TEST_CASE("a party that an exception ends breaks the barrier, one that ends well does not") {
  troupe::actor_system system;
  const troupe::barrier barrier{2};
  const scores score{{}};
  auto failing = system.spawn<fail_between_rounds>(barrier);
  auto other = system.spawn<come>(barrier, score, 2);
  CHECK(other.join().ok());
  CHECK(score->broken == 1);
  failing.join();

  barrier.reset();
  std::vector<troupe::process> all{system.spawn<come>(barrier, score, 1),
                                   system.spawn<come>(barrier, score, 1)};
  join_all(all);
  CHECK_FALSE(barrier.broken());
}

TEST_CASE("kill -9 of all parties but one leaves that one alone, not waiting") {
  troupe::actor_system system;
  for (int i = 0; i < 10; ++i) {
    const troupe::barrier barrier{5};
    const scores score{{}};
    std::vector<troupe::process> all;
    for (int j = 0; j < 4; ++j) all.push_back(system.spawn<come>(barrier, score, 1));
    REQUIRE(support::wait_until([&] { return barrier.waiting() == 4; }));
    for (const auto& each : all) REQUIRE(sleeps(each));
    for (int j = 0; j < 3; ++j) all[static_cast<std::size_t>(j)].kill();
    CHECK(all.back().join().ok());
    CHECK(score->broken >= 1);
  }
}

TEST_CASE("wrong uses of a barrier are told, and its waits have an end") {
  CHECK_THROWS_AS(troupe::barrier{0}, std::invalid_argument);
  CHECK_THROWS_AS(troupe::barrier{-2}, std::invalid_argument);
  CHECK_THROWS_AS(troupe::barrier{121}, std::invalid_argument);
  const troupe::barrier barrier{2};
  CHECK_THROWS_AS(barrier.wait_for(5ms), troupe::timeout);
  CHECK_THROWS_AS(barrier.wait(), troupe::broken_barrier);
  barrier.reset();
  barrier.abort();
  CHECK(barrier.broken());
  CHECK_THROWS_AS(troupe::barrier{}.wait(), std::logic_error);
}
