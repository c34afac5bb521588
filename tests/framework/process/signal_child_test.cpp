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

pid_t child_that_waits() {
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  while (child == 0 && platform::die_with_parent(parent)) ::pause();
  if (child == 0) ::_exit(1);
  return child;
}

}  // namespace

TEST_CASE("children are killed where no descriptor is left, one after the other") {
  const auto first = child_that_waits(), second = child_that_waits();
  {
    const none_left full;
    REQUIRE(::dup(0) == -1);
    CHECK(platform::signal_child(first, SIGKILL));
    CHECK(platform::signal_child(second, SIGKILL));
    CHECK(::dup(0) == -1);
  }
  for (const pid_t child : {first, second}) {
    const auto end =
        platform::process_handle::open(child).reap(platform::deadline_after(std::chrono::seconds{60}));
    REQUIRE(end);
    CHECK(end->by_signal);
    CHECK(end->code == SIGKILL);
    CHECK_FALSE(platform::signal_child(child, SIGKILL));
  }
}

TEST_CASE("a child that is stopped ends by SIGTERM where no descriptor is left") {
  const auto child = child_that_waits();
  {
    const none_left full;
    CHECK(platform::signal_child(child, SIGSTOP));
    CHECK(platform::signal_child(child, SIGTERM));
  }
  const auto end =
      platform::process_handle::open(child).reap(platform::deadline_after(std::chrono::seconds{60}));
  REQUIRE(end);
  CHECK(end->code == SIGTERM);
}

TEST_CASE("signals have numbers from 1 to 64") {
  for (const int number : {1, 9, 15, 64}) CHECK(platform::is_signal(number));
  for (const int number : {-9, 0, 65, 9999}) CHECK_FALSE(platform::is_signal(number));
}
