// Hosts whose main is not ours, the worker program that their actors are processes of, and plug-ins.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"
#include "support/program.hpp"

#include <catch2/catch.hpp>
#include <signal.h>
#include <string>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool has_sanitizer = true;
#else
constexpr bool has_sanitizer = false;
#endif

/// A program that is not linked with Troupe, and has loaded the library of the actors.
class host {
 public:
  host() { REQUIRE(call("load " PLUGIN_CORE_PATH) == "0"); }
  ~host() {
    process_.close_input();
    process_.rest();
    CHECK(process_.wait().code == 0);
  }
  std::string call(const std::string& line) {
    process_.write(line + "\n");
    return process_.line().value_or("no answer");
  }
  [[nodiscard]] pid_t zygote() const { return support::descendant_called("troupe-zygote", process_.pid()); }

 private:
  support::program process_{FOREIGN_HOST_PATH, {}};
};

const std::string start = "core_start " PLUGIN_WORKER_PATH;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class of_the_test {
 public:
  int answer() { return 42; }
};

}  // namespace

TEST_CASE("a foreign program has actors by a shared library and a worker program") {
  host foreign;
  REQUIRE(foreign.call(start) == "0");
  const std::string how = GENERATE(as<std::string>{}, "0", "1");
  const auto pid = foreign.call("core_spawn " + how);
  CHECK(support::command_of(std::stoi(pid)) == "adder");
  CHECK(foreign.call("core_add 40") == "40");
  CHECK(foreign.call("core_add 2") == "42");
  CHECK(foreign.call("core_stop") == "0");
}

TEST_CASE("a plug-in that is loaded after the start has actors, and those that were there live on") {
  host foreign;
  REQUIRE(foreign.call(start) == "0");
  const std::string how = GENERATE(as<std::string>{}, "0", "1");
  foreign.call("core_spawn " + how);
  CHECK(foreign.call("core_add 1") == "1");
  REQUIRE(foreign.call("load " PLUGIN_LATE_PATH) == "0");
  CHECK(foreign.call("late_multiply " + how + " 6 7") == "42");
  CHECK(foreign.call("late_multiply 0 6 8") == "48");
  CHECK(foreign.call("late_multiply 1 6 9") == "54");
  CHECK(foreign.call("core_add 1") == "2");
  foreign.call("core_spawn " + how);
  CHECK(foreign.call("core_add 5") == "5");
}

TEST_CASE("standbys are those of the zygote that has loaded the plug-in") {
  ::setenv("PLUGIN_STANDBYS", "2", 1);
  host foreign;
  ::unsetenv("PLUGIN_STANDBYS");
  REQUIRE(foreign.call(start) == "0");
  foreign.call("core_spawn 0");
  CHECK(foreign.call("core_add 1") == "1");
  REQUIRE(foreign.call("load " PLUGIN_LATE_PATH) == "0");
  for (int round = 0; round < 20; ++round)
    CHECK(foreign.call("late_multiply 0 6 " + std::to_string(round)) == std::to_string(6 * round));
  CHECK(foreign.call("core_add 1") == "2");
}

TEST_CASE("a plug-in is still there after the zygote that loaded it was killed") {
  host foreign;
  REQUIRE(foreign.call(start) == "0");
  REQUIRE(foreign.call("load " PLUGIN_LATE_PATH) == "0");
  for (int round = 0; round < 5; ++round) {
    CHECK(foreign.call("late_multiply 0 6 7") == "42");
    ::kill(foreign.zygote(), SIGKILL);
  }
}

TEST_CASE("preload takes a plug-in in before it is needed, and only then") {
  host foreign;
  REQUIRE(foreign.call(start) == "0");
  const auto before = foreign.zygote();
  CHECK(foreign.call("core_preload " PLUGIN_LATE_PATH) == "0");
  const auto after = foreign.zygote();
  CHECK(after != before);
  CHECK(foreign.call("core_preload " PLUGIN_LATE_PATH) == "0");
  REQUIRE(foreign.call("load " PLUGIN_LATE_PATH) == "0");
  CHECK(foreign.call("late_multiply 0 6 7") == "42");
  CHECK(foreign.zygote() == after);
}

TEST_CASE("system_options::preload comes before the first actor") {
  host foreign;
  REQUIRE(foreign.call(start + " " PLUGIN_LATE_PATH) == "0");
  const auto zygote = foreign.zygote();
  REQUIRE(foreign.call("load " PLUGIN_LATE_PATH) == "0");
  CHECK(foreign.call("late_multiply 0 6 7") == "42");
  CHECK(foreign.call("late_multiply 1 6 7") == "42");
  CHECK(foreign.zygote() == zygote);
}

TEST_CASE("a library that cannot be loaded is told in the loader's words, and the system goes on") {
  host foreign;
  const auto at_start = foreign.call(start + " /nowhere/libnothing.so");
  CHECK(has(at_start, "-1 preload|"));
  CHECK(has(at_start, "cannot open shared object file"));
  REQUIRE(foreign.call(start) == "0");
  const auto later = foreign.call("core_preload /nowhere/libnothing.so");
  CHECK(has(later, "-1 preload|"));
  CHECK(has(later, "/nowhere/libnothing.so cannot be loaded: "));
  CHECK(has(later, "cannot open shared object file"));
  const auto aborting = foreign.call("core_preload " PLUGIN_ABORTING_PATH);
  CHECK(has(aborting, "-1 preload|"));
  CHECK(has(aborting, "ended the process (killed by SIGABRT"));
  const auto threaded = foreign.call("core_preload " PLUGIN_THREADED_PATH);
  CHECK(has(threaded, "starts a thread when it is loaded"));
  CHECK(std::stoi(foreign.call("core_spawn 0")) > 0);
  CHECK(foreign.call("core_add 3") == "3");
}

TEST_CASE("a library without a build id is refused by name") {
  host foreign;
  REQUIRE(foreign.call(start) == "0");
  REQUIRE(foreign.call("load " PLUGIN_NAMELESS_PATH) == "0");
  const auto answer = foreign.call("late_multiply 0 6 7");
  CHECK(has(answer, "-1 build id|"));
  CHECK(has(answer, PLUGIN_NAMELESS_PATH));
  CHECK(has(answer, "--build-id"));
}

TEST_CASE("a worker program that is not there, or no program, is told") {
  host foreign;
  CHECK(has(foreign.call("core_start /nowhere/worker"), "-1 executable|"));
  CHECK(has(foreign.call("core_start " HOST_SCRIPT), "-1 executable|"));
  CHECK(has(foreign.call("core_start /bin/true"), "-1 entering|"));
}

TEST_CASE("a worker program that does not have what is spawned is told by the names of both") {
  const std::string how = GENERATE(as<std::string>{}, "0", "1");
  host foreign;
  REQUIRE(foreign.call("core_start " BARE_WORKER_PATH) == "0");
  const auto answer = foreign.call("core_spawn " + how);
  INFO(answer);
  CHECK(has(answer, "-1 unknown|"));
  CHECK(has(answer, "adder is in " PLUGIN_CORE_PATH));
  CHECK(has(answer, BARE_WORKER_PATH ", does not have it"));
  CHECK(has(answer, "link"));

  troupe::actor_system system{{.executable = BARE_WORKER_PATH}};
  try {
    (void)system.spawn<of_the_test>();
    FAIL("it was started");
  } catch (const troupe::start_failed& problem) {
    CHECK(problem.stage() == "unknown");
    CHECK(has(problem.what(),
              "foreign_host_test, and the actors' program, " BARE_WORKER_PATH ", does not have it"));
    CHECK(has(problem.what(), "shared library"));
  }
}

TEST_CASE("Python has actors through ctypes") {
  if (has_sanitizer) {
    WARN("not run: a sanitizer's library cannot be loaded into a program without it");
    return;
  }
  support::program look{"/bin/sh", {"-c", "python3 -c 'import ctypes'"}};
  if (look.wait().code != 0) {
    WARN("not run: there is no python3 with ctypes here");
    return;
  }
  support::program python{
      "/bin/sh",
      {"-c", "exec python3 " HOST_SCRIPT " " PLUGIN_CORE_PATH " " PLUGIN_WORKER_PATH " " PLUGIN_LATE_PATH}};
  const auto printed = python.rest();
  INFO(python.errors());
  CHECK(printed == "sum 42\nproduct 42\nsum 43\n");
  CHECK(python.wait().code == 0);
}
