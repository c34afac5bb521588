// Actors that are executed afresh instead of forked.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"
#include "support/program.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

class subject {
 public:
  explicit subject(int number = 0) : number_{number} {
    if (number < 0) throw std::invalid_argument{"negative"};
  }
  int number() { return number_; }
  int pid() { return ::getpid(); }
  int group() { return ::getpgid(0); }
  std::size_t address() { return ::getauxval(AT_RANDOM); }  // of the stack: a program's own may be fixed
  std::size_t descriptors() { return support::open_descriptors().size(); }
  bool has_variable() { return std::getenv("TROUPE_ENTRANCE") != nullptr; }
  std::string parent() { return troupe::this_actor::parent().value().name(); }
  troupe::actor<subject> have_child(int number) {
    return troupe::this_actor::system().spawn<subject>(
        {.name = "child", .start = troupe::start_method::spawn}, number);
  }

 private:
  int number_;
};

constexpr troupe::start_method executed = troupe::start_method::spawn;

}  // namespace

TEST_CASE("an executed actor is an actor like others, and shares no addresses with them") {
  troupe::actor_system system;
  const auto one = system.spawn<subject>({.name = "one", .start = executed}, 7);
  const auto forked = system.spawn<subject>(8);
  CHECK(one.ask<&subject::number>().get() == 7);
  CHECK(one.ask<&subject::pid>().get() == one.pid());
  CHECK(one.ask<&subject::group>().get() == one.pid());
  CHECK(support::command_of(one.pid()) == "one");
  CHECK(support::parent_of(one.pid()) == support::parent_of(forked.pid()));
  CHECK_FALSE(one.ask<&subject::has_variable>().get());
  CHECK(one.ask<&subject::descriptors>().get() == forked.ask<&subject::descriptors>().get());
  const auto other = system.spawn<subject>({.start = executed}, 9);
  CHECK(one.ask<&subject::address>().get() != other.ask<&subject::address>().get());
  CHECK(forked.ask<&subject::address>().get() == system.spawn<subject>().ask<&subject::address>().get());
  one.stop();
  CHECK(one.join().ok());
  other.kill();
  CHECK(other.join().code == SIGKILL);
}

TEST_CASE("an executed actor's owner owns it") {
  troupe::actor_system system;
  const auto owner = system.spawn<subject>({.name = "owner", .start = executed});
  const auto child = owner.ask<&subject::have_child>(3).get();
  CHECK(child.ask<&subject::number>().get() == 3);
  CHECK(child.ask<&subject::parent>().get() == "owner");
  owner.kill();
  CHECK(child.join().ok());
}

TEST_CASE("an exception from an executed actor's constructor is its end") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto status = system.spawn<subject>({.start = executed}, -1).join();
  CHECK(status.kind == troupe::exit_kind::exception);
  CHECK(status.exception_text == "negative");
}

TEST_CASE("a whole system starts its actors by execution where it is asked to") {
  troupe::actor_system system{{.start = executed}};
  const auto one = system.spawn<subject>(1), two = system.spawn<subject>(2);
  CHECK(one.ask<&subject::address>().get() != two.ask<&subject::address>().get());
  const auto forked = system.spawn<subject>({.start = troupe::start_method::fork}, 3);
  CHECK(forked.ask<&subject::number>().get() == 3);
  CHECK(system.actors().size() == 3);
  CHECK(system.stop().stopped.size() == 3);
}

TEST_CASE("an executed actor dies with its guardian, and with its host") {
  const auto mode = GENERATE(as<std::string>{}, "guardian", "host");
  support::program driver{EXECUTED_DRIVER_PATH, {"wait"}};
  const int actor = std::stoi(driver.line().value());
  const auto guardian = support::descendant_called("troupe-guardian", driver.pid());
  REQUIRE(guardian != 0);
  ::kill(mode == "host" ? driver.pid() : guardian, SIGKILL);
  CHECK(support::wait_until_ended(actor));
  driver.kill(SIGKILL);
  driver.wait();
  CHECK(support::wait_until_ended(guardian));
  ::waitpid(guardian, nullptr, 0);  // left to us
}

TEST_CASE(
    "a program that goes another way when it is executed as an actor makes the spawn fail, and says so") {
  const auto mode = GENERATE(as<std::string>{}, "returns", "aborts", "hangs");
  support::program driver{EXECUTED_DRIVER_PATH, {mode}};
  const auto line = driver.line().value();
  INFO(line);
  CHECK(line.starts_with("start_failed entering: "));
  CHECK(line.find("troupe::guard") != std::string::npos);
  CHECK(line.find(mode == "hangs"    ? "in time"
                  : mode == "aborts" ? "killed by SIGABRT"
                                     : "ended normally") != std::string::npos);
  CHECK(driver.line() == "forked 5");
  CHECK(driver.wait().code == 0);
}
