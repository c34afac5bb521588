// handle_signals: the first signal is an orderly end, the second an immediate one.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"
#include "support/program.hpp"

#include <catch2/catch.hpp>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace {

class nothing {
 public:
  void try_to_handle() { troupe::this_actor::system().handle_signals(); }
};

}  // namespace

TEST_CASE("the first signal ends what the host waits for, and everything in order") {
  const int number = GENERATE(SIGINT, SIGTERM);
  const std::string mode = GENERATE(as<std::string>{}, "join", "ask");
  support::program driver{SIGNALS_DRIVER_PATH, {mode}};
  REQUIRE(driver.line() == "ready");
  driver.kill(number);
  const auto text = driver.rest();
  INFO(text);
  CHECK(text.find("system_stopped\n") != std::string::npos);
  CHECK(text.find("went on") == std::string::npos);
  CHECK(text.find("by " + std::to_string(number) + "\n") != std::string::npos);
  CHECK(text.find("destroyed after " + std::string{mode == "ask" ? "2" : "1"}) != std::string::npos);
  CHECK(text.ends_with("handlers are back\n"));
  CHECK(driver.wait().code == 128 + number);
}

TEST_CASE("what an actor had been told before the signal is handled") {
  support::program driver{SIGNALS_DRIVER_PATH, {"told"}};
  REQUIRE(driver.line() == "ready");
  driver.kill(SIGINT);
  CHECK(driver.rest().find("destroyed after 51") != std::string::npos);
  CHECK(driver.wait().code == 128 + SIGINT);
}

TEST_CASE("the second signal does not wait for the grace, and is what the host dies by") {
  support::program driver{SIGNALS_DRIVER_PATH, {"stuck"}};
  REQUIRE(driver.line() == "ready");
  const auto below = support::descendants_of(driver.pid());
  const auto guardian = support::descendant_called("troupe-guardian", driver.pid());
  REQUIRE(below.size() == 3);
  driver.kill(SIGINT);
  REQUIRE(driver.line() == "system_stopped");
  driver.kill(SIGTERM);
  const auto end = driver.wait();
  CHECK(end.by_signal);
  CHECK(end.code == SIGTERM);
  for (const auto pid : below) CHECK(support::wait_until_ended(pid));
  ::waitpid(guardian, nullptr, 0);  // left to us
}

TEST_CASE("handlers are installed by those who ask, and go with the last") {
  const auto current = [](int number) {
    struct sigaction now {};
    ::sigaction(number, nullptr, &now);
    return now.sa_handler;
  };
  ::signal(SIGTERM, SIG_IGN);
  const auto before = current(SIGINT);
  {
    troupe::actor_system one, two;
    CHECK(current(SIGINT) == before);
    one.handle_signals();
    one.handle_signals();
    two.handle_signals();
    CHECK(current(SIGINT) != before);
    CHECK(current(SIGTERM) == SIG_IGN);
    one.stop();
    CHECK(current(SIGINT) != before);
    CHECK(one.interrupted_by() == 0);
    CHECK_THROWS_AS(one.handle_signals(), troupe::system_stopped);
    CHECK_THROWS_AS(two.spawn<nothing>().ask<&nothing::try_to_handle>().get(), std::logic_error);
  }
  CHECK(current(SIGINT) == before);
  CHECK(current(SIGTERM) == SIG_IGN);
  ::signal(SIGTERM, SIG_DFL);
}
