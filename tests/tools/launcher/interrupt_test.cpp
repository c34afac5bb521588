// Ctrl-C on the troupe command.
#include "support/processes.hpp"
#include "support/program.hpp"

#include <catch2/catch.hpp>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// A run that would take hours, under way.
struct long_run {
  support::program command{
      TROUPE_COMMAND_PATH,
      {"run", "producer_consumer", "--items", "1000000", "--delay", "20ms", "--verbose"}};
  std::vector<pid_t> below;
  pid_t guardian = 0;

  long_run() {
    for (auto line = command.line(); line && line->find("produced 3") == std::string::npos;)
      line = command.line();
    below = support::descendants_of(command.pid());
    guardian = support::descendant_called("troupe-guardian", command.pid());
    REQUIRE(below.size() >= 6);
  }
};

}  // namespace

TEST_CASE("Ctrl-C ends a run in order: one line, status 130, nothing left") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  long_run run;
  run.command.kill(signal);
  run.command.rest();
  CHECK(run.command.wait().code == 128 + signal);
  CHECK(run.command.errors() == "troupe: interrupted\n");
  for (const auto pid : run.below) CHECK(support::wait_until_ended(pid, 0ms));
}

TEST_CASE("a second Ctrl-C ends a run at once") {
  long_run run;
  // The guardian does not answer, so that the first one does not come to its end.
  ::kill(run.guardian, SIGSTOP);
  run.command.kill(SIGINT);
  REQUIRE(
      support::wait_until([&] {  // until the first is being handled, the second may be the same to the kernel
        run.command.kill(SIGINT);
        return support::state_of(run.command.pid()) == 'Z' || support::state_of(run.command.pid()) == '\0';
      }));
  const auto end = run.command.wait();
  CHECK(end.by_signal);
  CHECK(end.code == SIGINT);
  ::kill(run.guardian, SIGCONT);
  for (const auto pid : run.below) CHECK(support::wait_until_ended(pid));
  ::waitpid(run.guardian, nullptr, 0);  // left to us
}

TEST_CASE("Ctrl-C in a terminal, which all of its foreground group get, ends a run in order as well") {
  // script(1) gives the command a terminal of its own.
  const auto command =
      std::string{TROUPE_COMMAND_PATH} + " run producer_consumer --items 1000000 --delay 20ms --verbose";
  support::program terminal{"/usr/bin/script", {"-qec", command, "/dev/null"}};
  for (auto line = terminal.line(); line && line->find("produced 3") == std::string::npos;)
    line = terminal.line();
  const auto below = support::descendants_of(terminal.pid());
  REQUIRE(below.size() >= 7);
  terminal.write("\x03");
  const auto text = terminal.rest();
  CHECK(terminal.wait().code == 130);
  const auto told = text.find("troupe: interrupted");
  REQUIRE(told != std::string::npos);
  CHECK(text.find("troupe: interrupted", told + 1) == std::string::npos);
  CHECK(text.find("ends by an exception") == std::string::npos);
  for (const auto pid : below) CHECK(support::wait_until_ended(pid));
}
