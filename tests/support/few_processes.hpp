// For programs that are to be refused processes: RLIMIT_NPROC is for users who are not root.
#pragma once

#include "support/processes.hpp"

#include <grp.h>
#include <iostream>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace support {

/// Becomes a user without other processes, whose number counts. Where that cannot be done says "not run", and false.
inline bool become_a_user_with_limits() {
  constexpr uid_t nobody_else = 54321;
  const bool is_root = ::getuid() == 0;
  if (is_root && (::setgroups(0, nullptr) != 0 || ::setgid(nobody_else) != 0 || ::setuid(nobody_else) != 0)) {
    std::cout << "not run" << std::endl;
    return false;
  }
  ::prctl(PR_SET_DUMPABLE, 1);  // or /proc/self would be root's
  return true;
}

/// For all that has been started by this process: prlimit(2) reaches the zygote and the guardian too.
inline void limit_processes(rlim_t number) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NPROC, &limit);
  limit.rlim_cur = number;
  for (const pid_t pid : descendants_of(::getpid())) ::prlimit(pid, RLIMIT_NPROC, &limit, nullptr);
}

}  // namespace support
