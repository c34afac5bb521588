// Troupe as a guest in somebody else's program.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"
#include "support/program.hpp"

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <clocale>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

class echo {
 public:
  int say(int value) { return value; }
  void die() { ::raise(SIGKILL); }
};

std::map<int, void (*)(int)> dispositions() {
  std::map<int, void (*)(int)> all;
  for (int number = 1; number < 32; ++number) {
    struct sigaction now {};
    ::sigaction(number, nullptr, &now);
    all[number] = now.sa_handler;
  }
  return all;
}

void use_a_system() {
  troupe::actor_system system;
  const auto one = system.spawn<echo>();
  const auto two = system.spawn<echo>();
  CHECK(one.ask<&echo::say>(5).get() == 5);
  two.tell<&echo::die>();
  CHECK(two.join().code == SIGKILL);
}

}  // namespace

TEST_CASE("the host's signals, mask, umask, folder and locale are left alone") {
  const auto before = dispositions();
  sigset_t mask_before, mask_after;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_before);
  const std::string locale = std::setlocale(LC_ALL, nullptr);
  std::array<char, 4096> folder_before{}, folder_after{};
  REQUIRE(::getcwd(folder_before.data(), folder_before.size()) != nullptr);
  const auto umask_before = ::umask(027);
  use_a_system();
  CHECK(::umask(umask_before) == 027);
  CHECK(dispositions() == before);
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_after);
  for (int number = 1; number < 32; ++number)
    CHECK(::sigismember(&mask_before, number) == ::sigismember(&mask_after, number));
  CHECK(std::setlocale(LC_ALL, nullptr) == locale);
  REQUIRE(::getcwd(folder_after.data(), folder_after.size()) != nullptr);
  CHECK(std::string{folder_before.data()} == folder_after.data());
}

TEST_CASE("a host that ignores SIGCHLD has a system all the same") {
  auto* const before = ::signal(SIGCHLD, SIG_IGN);
  use_a_system();
  ::signal(SIGCHLD, before);
}

TEST_CASE("a host that waits for any child has a system all the same, and sees its own children's ends") {
  std::atomic<bool> done = false;
  std::atomic<int> own_seen = 0;
  std::thread waiter{[&] {
    while (!done) {
      int status = 0;
      if (::waitpid(-1, &status, WNOHANG) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 77) ++own_seen;
    }
  }};
  for (int i = 0; i < 5; ++i) {
    if (::vfork() == 0) ::_exit(77);
    use_a_system();
  }
  CHECK(support::wait_until([&] { return own_seen == 5; }));
  done = true;
  waiter.join();
}

TEST_CASE("the library waits for its own children only") {
  const auto own = ::vfork();
  if (own == 0) ::_exit(78);
  REQUIRE(support::wait_until_ended(own));
  use_a_system();
  int status = 0;
  CHECK(::waitpid(own, &status, WNOHANG) == own);
  CHECK(WEXITSTATUS(status) == 78);
}

TEST_CASE("every descriptor of the library is closed when the host executes another program") {
  const auto before = support::open_descriptors();
  troupe::actor_system system;
  const auto one = system.spawn<echo>();
  CHECK(one.ask<&echo::say>(1).get() == 1);
  auto pending = one.ask<&echo::say>(2);
  for (const int number : support::open_descriptors()) {
    INFO(support::describe_descriptor(number));
    if (!before.contains(number)) CHECK((::fcntl(number, F_GETFD) & FD_CLOEXEC) != 0);
  }
}

namespace {

/// Has the kernel give that number to the next process, where it lets us: false where not.
bool choose_next_pid(pid_t pid) {
  std::ofstream file{"/proc/sys/kernel/ns_last_pid"};
  file << pid - 1 << std::flush;
  return file.good();
}

}  // namespace

TEST_CASE("the handle of an actor that has ended kills nobody who has its number now") {
  troupe::actor_system system;
  for (int tries = 0; tries < 50; ++tries) {
    const auto one = system.spawn<echo>();
    const auto number = one.pid();
    one.kill();
    CHECK(one.join().code == SIGKILL);
    if (!choose_next_pid(number)) {
      WARN("not tried: the numbers of processes cannot be chosen here");
      return;
    }
    const auto decoy = ::fork();
    if (decoy == 0) {
      for (;;) ::pause();
    }
    const bool is_reused = decoy == number;
    if (is_reused) {
      one.kill();
      one.terminate();
      CHECK_FALSE(one.is_alive());
      CHECK_FALSE(support::wait_until_ended(decoy, std::chrono::milliseconds{50}));
    }
    ::kill(decoy, SIGKILL);
    ::waitpid(decoy, nullptr, 0);
    if (is_reused) return;
  }
  WARN("not tried: somebody else was faster each time");
}

TEST_CASE("a host may have habits of its own") {
  const std::string habit = GENERATE("sigchld ignored", "no input", "no output", "no streams", "pipe handler",
                                     "reaper", "busy threads", "thread that ends");
  INFO(habit);
  std::string verdict = "/tmp/troupe-manners-XXXXXX";
  ::close(::mkstemp(verdict.data()));
  support::program guest{GUEST_DRIVER_PATH, {habit, verdict}};
  (void)guest.rest();
  const auto end = guest.wait();
  CHECK_FALSE(end.by_signal);
  CHECK(end.code == 0);
  std::string said;
  std::getline(std::ifstream{verdict}, said);
  CHECK(said == "well");
  ::unlink(verdict.c_str());
}
