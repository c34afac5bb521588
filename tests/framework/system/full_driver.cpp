// A host that may not start any more processes: a user of its own, and RLIMIT_NPROC.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <grp.h>
#include <iostream>
#include <signal.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace {

class witness {
 public:
  int echo(int value) { return value; }
};

constexpr uid_t nobody_else = 54321;  // a user without other processes, whose number counts for the limit

std::string attempt(troupe::actor_system& system) {
  try {
    const auto made = system.spawn<witness>();
    return made.ask<&witness::echo>(1).get() == 1 ? "" : "wrong";
  } catch (const troupe::start_failed& problem) {
    return "refused at " + problem.stage();
  }
}

void limit_processes(rlim_t number) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NPROC, &limit);
  limit.rlim_cur = number;
  // The zygote and the guardian are other processes: prlimit(2) reaches them too.
  for (const pid_t pid : support::descendants_of(::getpid())) ::prlimit(pid, RLIMIT_NPROC, &limit, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  troupe::guard(argc, argv);
  const bool is_root = ::getuid() == 0;
  if (is_root && (::setgroups(0, nullptr) != 0 || ::setgid(nobody_else) != 0 || ::setuid(nobody_else) != 0)) {
    std::cout << "not run" << std::endl;
    return 0;
  }
  ::prctl(PR_SET_DUMPABLE, 1);  // or /proc/self would be root's
  troupe::actor_system system;
  const auto friendly = system.spawn<witness>();
  std::cout << "witness " << friendly.ask<&witness::echo>(1).get() << std::endl;
  limit_processes(1);
  std::cout << attempt(system) << std::endl;
  std::cout << "witness " << friendly.ask<&witness::echo>(2).get() << std::endl;
  const auto zygote = support::descendant_called("troupe-zygote", ::getpid());
  ::kill(zygote, SIGKILL);
  std::cout << "zygote killed: " << attempt(system) << std::endl;
  std::cout << "witness " << friendly.ask<&witness::echo>(3).get() << std::endl;
  limit_processes(10'000);
  std::cout << (attempt(system).empty() ? "started again" : "not started") << std::endl;
  std::cout << "killed at the end: " << system.stop().killed.size() << std::endl;
}
