// W5: start an actor, ask it once, stop it, wait for its end; one after another.
//
// With standbys the next process is forked while one is asked and stopped: `standby` is what a round then takes without a
// pause between rounds, so where cores are few the forks are in it. `standby_ready` counts the rounds alone, each begun when
// the place of the one before has been filled again: what somebody waits for who starts a worker now and then.
// `fork_from_1GiB` is `fork` from a host that uses so much: it is not the host that is forked, so it should not matter.
#include <troupe/troupe.hpp>

#include "workloads.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

namespace bench {

namespace {

class worker {
 public:
  std::uint64_t same(std::uint64_t number) const { return number; }
};

void one(troupe::actor_system& system, std::uint64_t number) {
  const auto started = system.spawn<worker>();
  check(started.ask<&worker::same>(number).get() == number, "the reply is that to the request");
  started.stop();
  check(started.join().ok(), "the actor ended well");
}

using milliseconds = std::chrono::duration<double, std::milli>;

void measure(const std::string& metric, std::uint32_t standbys, std::chrono::milliseconds pause) {
  const auto much = choose({100, {}}, {20, {}});
  troupe::actor_system system{{.standbys = standbys}};
  std::this_thread::sleep_for(standbys != 0 ? std::chrono::milliseconds{20} : std::chrono::milliseconds{0});
  one(system, 0);
  milliseconds took{0};
  for (std::uint64_t i = 0; i < much.count; ++i) {
    if (pause.count() != 0) std::this_thread::sleep_for(pause);
    const auto start = clock::now();
    one(system, i);
    took += clock::now() - start;
  }
  report("W5", metric, took.count() / static_cast<double>(much.count), "ms");
}

}  // namespace

void spawn_and_stop() {
  measure("fork", 0, {});
  measure("standby", 4, {});
  measure("standby_ready", 4, std::chrono::milliseconds{5});
  const std::vector<char> much(std::size_t{1} << 30, 1);
  asm volatile("" ::"r"(much.data()) : "memory");  // NOLINT: nobody reads it, but it is to be written
  measure("fork_from_1GiB", 0, {});
}

}  // namespace bench
