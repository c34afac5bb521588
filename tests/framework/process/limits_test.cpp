// Limits that the kernel enforces on an actor, and what is told of those that are not possible.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <signal.h>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool has_address_sanitizer = true;
#else
constexpr bool has_address_sanitizer = false;
#endif

class subject {
 public:
  void burn() {
    for (volatile bool always = true; always;) {
    }
  }
  void burn_deaf() {
    ::signal(SIGXCPU, SIG_IGN);
    burn();
  }
  std::size_t take(std::size_t bytes) {
    std::vector<char> room(bytes, 'x');
    return room.size();
  }
  std::vector<unsigned> cpus() {
    cpu_set_t set;
    ::sched_getaffinity(0, sizeof set, &set);
    std::vector<unsigned> numbers;
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &set)) numbers.push_back(cpu);
    }
    return numbers;
  }
  int niceness() { return ::getpriority(PRIO_PROCESS, 0); }
  unsigned long files() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
  }
  int files_that_open() {
    int count = 0;
    while (::open("/dev/null", O_RDONLY | O_CLOEXEC) != -1) ++count;
    return count;
  }
  bool is_there() { return true; }
};

std::string refusal(troupe::actor_system& system, const troupe::resource_limits& limits) {
  try {
    (void)system.spawn<subject>({.limits = limits});
    return "none";
  } catch (const troupe::start_failed& problem) {
    return problem.stage() + "|" + problem.what();
  }
}

}  // namespace

TEST_CASE("CPU time that is used up ends the actor, and is named as the cause") {
  troupe::actor_system system;
  const auto start = GENERATE(troupe::start_method::fork, troupe::start_method::spawn);
  const auto actor = system.spawn<subject>({.start = start, .limits = {.cpu_time = 300ms}});
  actor.tell<&subject::burn>();
  auto status = actor.join();
  status.core_dumped = false;
  CHECK(status.kind == troupe::exit_kind::limit);
  CHECK(status.limit == troupe::limit_kind::cpu_time);
  CHECK(status.code == SIGXCPU);
  CHECK(status.limit_value == 1);
  CHECK_FALSE(status.ok());
  CHECK(to_string(status) == "killed by SIGXCPU: its CPU time was limited to 1 s");
}

TEST_CASE("an actor that ignores SIGXCPU is killed all the same, and nothing is guessed of why") {
  troupe::actor_system system;
  const auto actor = system.spawn<subject>({.limits = {.cpu_time = 1s}});
  actor.tell<&subject::burn_deaf>();
  CHECK(to_string(actor.join()) == "killed by SIGKILL");
}

TEST_CASE("a SIGXCPU without a limit of ours is a signal like others") {
  troupe::actor_system system;
  const auto actor = system.spawn<subject>();
  ::kill(actor.pid(), SIGXCPU);
  CHECK(actor.join().kind == troupe::exit_kind::signal);
}

TEST_CASE("private data beyond its limit is std::bad_alloc, and the limit is named") {
  if (has_address_sanitizer) {
    WARN("not run: RLIMIT_DATA leaves AddressSanitizer no memory for itself");
    return;
  }
  troupe::actor_system system{{.output = troupe::output::discard}};
  constexpr std::size_t limit = std::size_t{64} << 20;
  const auto actor = system.spawn<subject>({.limits = {.private_data = limit}});
  CHECK(actor.ask<&subject::take>(limit / 4).get() == limit / 4);
  CHECK_THROWS_AS(actor.ask<&subject::take>(limit).get(), std::bad_alloc);
  CHECK(actor.ask<&subject::is_there>().get());
  actor.tell<&subject::take>(limit);
  const auto status = actor.join();
  CHECK(status.kind == troupe::exit_kind::exception);
  CHECK(status.limit == troupe::limit_kind::private_data);
  CHECK(status.limit_value == limit);
  CHECK(to_string(status) ==
        "exception std::bad_alloc: std::bad_alloc (its private data was limited to 67108864 bytes)");
}

TEST_CASE("CPUs, niceness and open files are set before the actor's first line") {
  troupe::actor_system system;
  const auto all = system.spawn<subject>().ask<&subject::cpus>().get();
  const auto last = all.back();
  const int mine = ::getpriority(PRIO_PROCESS, 0);
  const auto start = GENERATE(troupe::start_method::fork, troupe::start_method::spawn);
  const auto actor = system.spawn<subject>(
      {.start = start, .limits = {.cpus = {last}, .niceness = mine + 3, .open_files = 40}});
  CHECK(actor.ask<&subject::cpus>().get() == std::vector{last});
  CHECK(actor.ask<&subject::niceness>().get() == mine + 3);
  CHECK(actor.ask<&subject::files>().get() == 40);
  CHECK(actor.ask<&subject::files_that_open>().get() < 40);
  CHECK(actor.ask<&subject::is_there>().get());
  // Nobody else has them.
  const auto other = system.spawn<subject>();
  CHECK(other.ask<&subject::cpus>().get() == all);
  CHECK(other.ask<&subject::niceness>().get() == mine);
}

TEST_CASE("limits that are not possible are refused with a sentence, and the system goes on") {
  troupe::actor_system system;
  const auto cpu = refusal(system, {.cpus = {0, 4095}});
  CHECK(cpu.starts_with("limits|"));
  CHECK(cpu.find("CPU 4095 is not there or not allowed; this process may use 0") != std::string::npos);
  CHECK(refusal(system, {.cpus = {4'000'000'000}}).find("CPU 4000000000 is not there") != std::string::npos);
  CHECK(refusal(system, {.niceness = 20}).find("niceness 20 does not exist") != std::string::npos);
  CHECK(refusal(system, {.open_files = 3}).find("an actor itself needs") != std::string::npos);
  std::uint64_t most_files = 0;
  REQUIRE(std::ifstream{"/proc/sys/fs/nr_open"} >> most_files);
  CHECK(refusal(system, {.open_files = most_files + 1})
            .find("at most " + std::to_string(most_files) + " (sysctl fs.nr_open)") != std::string::npos);
  if (!has_address_sanitizer)
    CHECK(refusal(system, {.private_data = 4096}).find("before it begins") != std::string::npos);
  if (::geteuid() != 0) {
    CHECK(refusal(system, {.niceness = -20}).find("not permitted") != std::string::npos);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max < most_files)
      CHECK(refusal(system, {.open_files = files.rlim_max + 1}).find("hard limit") != std::string::npos);
  }
  CHECK(system.actors().empty());
  CHECK(system.spawn<subject>().ask<&subject::is_there>().get());
  CHECK(system.stop().stopped.size() == 1);
}
