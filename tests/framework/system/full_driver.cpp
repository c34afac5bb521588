// A host that may not start any more processes: a user of its own, and RLIMIT_NPROC.
#include <troupe/troupe.hpp>

#include "support/few_processes.hpp"
#include "support/processes.hpp"

#include <iostream>
#include <signal.h>
#include <string>
#include <unistd.h>

namespace {

class witness {
 public:
  int echo(int value) { return value; }
};

std::string attempt(troupe::actor_system& system) {
  try {
    const auto made = system.spawn<witness>();
    return made.ask<&witness::echo>(1).get() == 1 ? "" : "wrong";
  } catch (const troupe::start_failed& problem) {
    return "refused at " + problem.stage();
  }
}

}  // namespace

int main(int argc, char** argv) {
  troupe::guard(argc, argv);
  if (!support::become_a_user_with_limits()) return 0;
  troupe::actor_system system;
  const auto friendly = system.spawn<witness>();
  std::cout << "witness " << friendly.ask<&witness::echo>(1).get() << std::endl;
  support::limit_processes(1);
  std::cout << attempt(system) << std::endl;
  std::cout << "witness " << friendly.ask<&witness::echo>(2).get() << std::endl;
  const auto zygote = support::descendant_called("troupe-zygote", ::getpid());
  ::kill(zygote, SIGKILL);
  std::cout << "zygote killed: " << attempt(system) << std::endl;
  std::cout << "witness " << friendly.ask<&witness::echo>(3).get() << std::endl;
  support::limit_processes(10'000);
  std::cout << (attempt(system).empty() ? "started again" : "not started") << std::endl;
  std::cout << "killed at the end: " << system.stop().killed.size() << std::endl;
}
