// W10: many threads of the host ask at once, each its next question when it has its answer: on one actor, and on four, of which
// each thread has one (or shares it, where there are more threads).
#include <troupe/troupe.hpp>

#include "workloads.hpp"

#include <algorithm>
#include <cstddef>
#include <future>
#include <latch>
#include <string>
#include <vector>

namespace bench {

namespace {

class echo {
 public:
  payload back(const payload& message) { return message; }
};
using echoes = std::vector<troupe::actor<echo>>;

void ask_once(const troupe::actor<echo>& who, std::uint64_t number) {
  payload message;
  message.number = number;
  check(who.ask<&echo::back>(message).get().number == number, "the reply is that to the request");
}

/// How often `who` could be asked until the time is over.
std::uint64_t ask_until_over(const troupe::actor<echo>& who, std::uint64_t first, std::latch& start) {
  const auto time = choose({0, std::chrono::milliseconds{500}}, {0, std::chrono::milliseconds{150}}).limit;
  start.arrive_and_wait();
  const auto end = clock::now() + time;
  std::uint64_t count = 0;
  for (; clock::now() < end; ++count) ask_once(who, first + count);
  return count;
}

/// Answers a second, of all threads together.
double rate(const echoes& whom, std::size_t threads) {
  std::latch start{static_cast<std::ptrdiff_t>(threads) + 1};
  std::vector<std::future<std::uint64_t>> counts;
  for (std::size_t i = 0; i < threads; ++i) {
    counts.push_back(std::async(std::launch::async, [&start, &who = whom[i % whom.size()], i] {
      return ask_until_over(who, i << 32, start);  // so that no answer can be taken for another thread's
    }));
  }
  start.arrive_and_wait();
  const auto began = clock::now();
  std::uint64_t all = 0;
  for (auto& count : counts) all += count.get();
  return static_cast<double>(all) / std::chrono::duration<double>(clock::now() - began).count();
}

void measure(std::size_t threads, std::size_t actors) {
  troupe::actor_system system;
  echoes whom;
  for (std::size_t i = 0; i < actors; ++i) {
    whom.push_back(system.spawn<echo>());
    ask_once(whom.back(), 0);  // connects them
  }
  const auto by = "asks_by_" + std::to_string(threads);
  report("W10", actors == 1 ? by : by + "_on_" + std::to_string(actors), rate(whom, threads), "1/s");
}

}  // namespace

void asking_threads() {
  for (const std::size_t threads : {1, 2, 4, 16}) measure(threads, 1);
  for (const std::size_t threads : {2, 4, 16}) measure(threads, std::min<std::size_t>(threads, 4));
}

}  // namespace bench
