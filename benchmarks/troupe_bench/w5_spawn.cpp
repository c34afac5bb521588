// W5: start an actor, ask it once, stop it, wait for its end; one after another.
#include <troupe/troupe.hpp>

#include "workloads.hpp"

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

}  // namespace

void spawn_and_stop() {
  const auto much = choose({100, {}}, {20, {}});
  troupe::actor_system system;
  one(system, 0);
  const auto start = clock::now();
  for (std::uint64_t i = 0; i < much.count; ++i) one(system, i);
  const auto took = std::chrono::duration<double, std::milli>(clock::now() - start);
  report("W5", "fork", took.count() / static_cast<double>(much.count), "ms");
}

}  // namespace bench
