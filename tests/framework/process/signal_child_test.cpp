// Signals to children, also where no descriptor is left.
#include "platform/process.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace platform = troupe::platform;

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

/// It has no handler of Catch's.
pid_t child_that_waits() {
  const auto handler = ::signal(SIGTERM, SIG_DFL);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  while (child == 0 && platform::die_with_parent(parent)) ::pause();
  if (child == 0) ::_exit(1);
  ::signal(SIGTERM, handler);
  return child;
}

platform::ended end_of(pid_t child) {
  return platform::process_handle::open(child)
      .reap(platform::deadline_after(std::chrono::seconds{60}))
      .value_or(platform::ended{});
}

}  // namespace

// Nothing is checked while there are none: UndefinedBehaviorSanitizer looks at Catch's objects by way of a pipe.
TEST_CASE("children are killed where no descriptor is left, one after the other") {
  const auto first = child_that_waits(), second = child_that_waits();
  bool were_none = false, first_sent = false, second_sent = false;
  {
    const none_left full;
    were_none = ::dup(0) == -1;
    first_sent = platform::signal_child(first, SIGKILL);
    second_sent = platform::signal_child(second, SIGKILL);
  }
  CHECK(were_none);
  CHECK(first_sent);
  CHECK(second_sent);
  for (const pid_t child : {first, second}) {
    const auto end = end_of(child);
    CHECK(end.by_signal);
    CHECK(end.code == SIGKILL);
    CHECK_FALSE(platform::signal_child(child, SIGKILL));
  }
}

TEST_CASE("a child that is stopped ends by SIGTERM where no descriptor is left") {
  const auto child = child_that_waits();
  bool were_sent = false;
  {
    const none_left full;
    were_sent = platform::signal_child(child, SIGSTOP) && platform::signal_child(child, SIGTERM);
  }
  CHECK(were_sent);
  CHECK(end_of(child).code == SIGTERM);
}

TEST_CASE("signals have numbers from 1 to 64") {
  for (const int number : {1, 9, 15, 64}) CHECK(platform::is_signal(number));
  for (const int number : {-9, 0, 65, 9999}) CHECK_FALSE(platform::is_signal(number));
}
