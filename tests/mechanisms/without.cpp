// without NAMES PROGRAM ARGUMENTS...: runs a test program with those mechanisms switched off, and succeeds where it fails: by
// what it asserts, by its end, or by taking longer than it may. Nothing that it started is left in either case.
#include "support/processes.hpp"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <signal.h>
#include <span>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr auto allowed = std::chrono::seconds{20};
constexpr const char* patience = "4";  // seconds, of the test's own waits
constexpr int no_such_program = 127;

/// What loses its parent comes to us, which is a subreaper: so there is an end.
void end_descendants() {
  for (auto left = support::children_of(::getpid()); !left.empty(); left = support::children_of(::getpid())) {
    for (const pid_t child : left) {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    }
  }
}

/// True where the test failed.
bool fails(pid_t test, std::string& how) {
  if (!support::wait_until_ended(test, allowed)) {
    how = "took too long";
    return true;
  }
  int status = 0;
  ::waitpid(test, &status, 0);
  how = WIFSIGNALED(status) ? "ended by signal " + std::to_string(WTERMSIG(status))
                            : "ended with " + std::to_string(WEXITSTATUS(status));
  return WIFSIGNALED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != no_such_program);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::span arguments{argv, static_cast<std::size_t>(argc)};
  support::become_subreaper();
  ::setenv("TROUPE_WITHOUT", arguments[1], 1);
  ::setenv("TROUPE_TEST_PATIENCE", patience, 1);
  pid_t test = 0;
  if (::posix_spawn(&test, arguments[2], nullptr, nullptr, arguments.subspan(2).data(), environ) != 0) {
    std::fprintf(stderr, "cannot run %s\n", arguments[2]);
    return 2;
  }
  std::string how;
  const bool failed = fails(test, how);
  end_descendants();
  std::printf("\nwithout %s the test %s: %s\n", arguments[1], how.c_str(),
              failed ? "as it should" : "IT PASSES");
  return failed ? 0 : 1;
}
