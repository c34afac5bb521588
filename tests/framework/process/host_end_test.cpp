// Whatever way a host ends, nothing of its system is left.
#include "support/processes.hpp"
#include "support/program.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// A host with fifty actors, ten in endless loops, five with children, three started by a thread that has ended, and five
/// that are stopped; and everything below it.
struct host {
  explicit host(const std::string& mode) : program{HOST_DRIVER_PATH, {mode}} {
    REQUIRE(program.line() == "ready");
    REQUIRE(support::wait_until([&] {
      family = support::descendants_of(program.pid());
      return std::count_if(family.begin(), family.end(),
                           [](pid_t pid) { return support::state_of(pid) == 'T'; }) == 5;
    }));
    REQUIRE(family.size() >= 52 + 10);
  }
  /// Within two seconds on a machine that has time for it; a busy one is given ten times as long.
  void check_all_ended() const {
    const auto deadline = std::chrono::steady_clock::now() + support::usual_patience();
    for (const pid_t pid : family) {
      INFO(pid << " " << support::command_of(pid) << " " << support::state_of(pid));
      const auto left = deadline - std::chrono::steady_clock::now();
      CHECK(support::wait_until_ended(
          pid, std::max(0ms, std::chrono::duration_cast<std::chrono::milliseconds>(left))));
      ::waitpid(pid, nullptr, WNOHANG);  // where it was left to us
    }
  }
  support::program program;
  std::vector<pid_t> family;
};

}  // namespace

TEST_CASE("a host that is killed with SIGKILL leaves nothing") {
  host h{"wait"};
  h.program.kill(SIGKILL);
  CHECK(h.program.wait().code == SIGKILL);
  h.check_all_ended();
}

TEST_CASE("a host that is killed while a child of its own holds copies of its descriptors leaves nothing") {
  host h{"fork"};
  h.program.write("go\n");
  CHECK(h.program.wait().code == SIGKILL);
  h.check_all_ended();
  h.program.close_input();  // which ends that child
}

TEST_CASE("a host that an interrupt from the terminal ends leaves nothing") {
  host h{"wait"};
  h.program.kill(SIGINT);
  CHECK(h.program.wait().code == SIGINT);
  h.check_all_ended();
}

TEST_CASE("an exception through main leaves nothing") {
  host h{"throw"};
  h.program.write("go\n");
  CHECK(h.program.wait().code == SIGABRT);
  h.check_all_ended();
}

TEST_CASE("exit and _exit in the middle of things leave nothing") {
  const auto mode = GENERATE(as<std::string>{}, "exit", "quick");
  host h{mode};
  h.program.write("go\n");
  CHECK(h.program.wait().code == (mode == "exit" ? 7 : 8));
  h.check_all_ended();
}

TEST_CASE("leaving the scope leaves nothing, endless loops and children of actors included") {
  host h{"scope"};
  h.program.write("go\n");
  const auto end = h.program.wait();
  CHECK_FALSE(end.by_signal);
  CHECK(end.code == 0);
  for (const pid_t pid : h.family) {
    INFO(pid << " " << support::command_of(pid));
    CHECK(support::state_of(pid) == '\0');  // reaped, not only ended, before the scope was left
  }
}
