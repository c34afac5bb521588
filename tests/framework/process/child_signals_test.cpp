// Signals to children, also where no descriptor is left.
#include "process/child_signals.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using troupe::process_layer::child_signals;

namespace {

/// Takes all descriptors that this process may have, and gives them back.
class none_left {
 public:
  none_left() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{64, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (int number = ::dup(0); number >= 0; number = ::dup(0)) taken_.push_back(number);
  }
  ~none_left() {
    for (const int number : taken_) ::close(number);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  none_left(const none_left&) = delete;
  none_left& operator=(const none_left&) = delete;

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

pid_t child_that_waits() {
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  while (child == 0 && troupe::platform::die_with_parent(parent)) ::pause();
  if (child == 0) ::_exit(1);
  return child;
}

}  // namespace

TEST_CASE("children are killed where no descriptor is left, one after the other") {
  child_signals signals;
  const auto first = child_that_waits(), second = child_that_waits();
  {
    const none_left full;
    REQUIRE(::dup(0) == -1);
    CHECK(signals.send(first, SIGKILL));
    CHECK(signals.send(second, SIGKILL));
    CHECK(::dup(0) == -1);
  }
  for (const pid_t child : {first, second}) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WTERMSIG(status) == SIGKILL);
  }
}
