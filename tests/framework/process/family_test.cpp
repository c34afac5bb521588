#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// Has started programs.
class parent {
 public:
  /// Returns when the shell does.
  int run(const std::string& script) { return std::system(script.c_str()); }
  void exit(int code) { ::_exit(code); }
};

/// A sleeper in a session of its own, whose parent has ended.
const std::string leave_a_sleeper = "(setsid sleep 600 &)";
/// Who starts such sleepers for ever, and is itself one of them.
const std::string leave_a_starter =
    "(setsid sh -c 'while :; do (setsid sleep 600 &); (setsid sh -c \"sleep 600 & wait\" &); sleep 0.02; "
    "done' &)";

/// The processes that have `mark` in their environment, zombies not.
std::vector<pid_t> marked(const std::string& mark) {
  std::vector<pid_t> found;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc", none}) {
    std::ifstream file{entry.path() / "environ", std::ios::binary};
    const std::string all{std::istreambuf_iterator<char>{file}, {}};
    if (all.find(mark) != std::string::npos) found.push_back(std::atoi(entry.path().filename().c_str()));
  }
  return found;
}

/// A mark of this test's, and a script that runs with it.
struct marking {
  std::string name;
  std::string mark = "TROUPE_TEST_FAMILY=" + name + std::to_string(::getpid());
  [[nodiscard]] std::string script(const std::string& rest) const { return "export " + mark + "; " + rest; }
  [[nodiscard]] bool comes_to(std::size_t least) const {
    return support::wait_until([&] { return marked(mark).size() >= least; });
  }
  [[nodiscard]] bool comes_to_nothing() const {
    return support::wait_until([&] { return marked(mark).empty(); });
  }
};

}  // namespace

TEST_CASE("whatever an actor has started ends with it, also in a session of its own") {
  const auto start = GENERATE(troupe::start_method::fork, troupe::start_method::spawn);
  CAPTURE(start == troupe::start_method::spawn);
  troupe::actor_system system;
  const auto doomed = system.spawn<parent>({.name = "doomed", .start = start});
  const auto bystander = system.spawn<parent>({.name = "bystander", .start = start});
  const marking its{"doomed"};
  const marking other{"bystander"};
  REQUIRE(doomed.ask<&parent::run>(its.script(leave_a_starter)).get() == 0);
  REQUIRE(bystander.ask<&parent::run>(other.script(leave_a_sleeper)).get() == 0);
  REQUIRE(its.comes_to(20));
  REQUIRE(other.comes_to(1));

  SECTION("killed through its handle") { doomed.kill(); }
  SECTION("killed by somebody else") { ::kill(doomed.pid(), SIGKILL); }
  SECTION("ended by itself") { doomed.tell<&parent::exit>(0); }
  CHECK(its.comes_to_nothing());
  CHECK_FALSE(doomed.is_alive());
  CHECK(bystander.is_alive());
  CHECK(other.comes_to(1));
  system.stop();
  CHECK(other.comes_to_nothing());
}

TEST_CASE("what an actor's dead process has started ends, and what its next one has started does not") {
  troupe::actor_system system;
  const auto again = system.spawn<parent>({.restart = {.when = troupe::restart::on_crash, .delay = 0ms}});
  const marking its{"again"};
  REQUIRE(again.ask<&parent::run>(its.script(leave_a_sleeper)).get() == 0);
  REQUIRE(its.comes_to(1));
  const auto old = marked(its.mark);
  REQUIRE_FALSE(old.empty());
  ::kill(again.pid(), SIGKILL);
  REQUIRE(again.ask<&parent::run>(its.script(leave_a_sleeper)).get() == 0);
  for (const pid_t pid : old) CHECK(support::wait_until_ended(pid));
  CHECK(its.comes_to(1));
}

TEST_CASE("what living actors have started outlives the zygote") {
  troupe::actor_system system;
  const auto living = system.spawn<parent>();
  const marking its{"living"};
  REQUIRE(living.ask<&parent::run>(its.script(leave_a_sleeper)).get() == 0);
  REQUIRE(its.comes_to(1));
  const auto zygote = support::descendant_called("troupe-zygote", ::getpid());
  REQUIRE(zygote != 0);
  ::kill(zygote, SIGKILL);
  CHECK(system.spawn<parent>().ask<&parent::run>("true").get() == 0);  // by another zygote
  CHECK(living.ask<&parent::run>("true").get() == 0);
  CHECK(its.comes_to(1));
  CHECK(support::state_of(marked(its.mark).at(0)) != 'Z');
}

TEST_CASE("who was started with another environment ends with the system") {
  const marking its{"changed"};
  {
    troupe::actor_system system;
    const auto doomed = system.spawn<parent>();
    REQUIRE(doomed.ask<&parent::run>("(env -i " + its.mark + " setsid sleep 600 &)").get() == 0);
    REQUIRE(support::wait_until([&] {
      const auto all = marked(its.mark);
      return all.size() == 1 && support::command_of(all.front()) == "sleep";  // no more on the way to it
    }));
    doomed.kill();
    doomed.join();
    CHECK(its.comes_to(1));
  }
  CHECK(its.comes_to_nothing());
}
