#include "platform/end_timer.hpp"

#include "platform/error.hpp"

#include <ctime>
#include <signal.h>
#include <unistd.h>

namespace troupe::platform {
namespace {

struct kernel_timer {
  timer_t number{};
  pid_t owner = 0;  // a child by fork has these bytes, but not the timer
};

kernel_timer& end_timer() {
  static kernel_timer made;
  if (made.owner == ::getpid()) return made;
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGKILL;
  require("timer_create", "SIGKILL", [&] { return ::timer_create(CLOCK_MONOTONIC, &event, &made.number); });
  made.owner = ::getpid();
  return made;
}

}  // namespace

void kill_self_after(std::optional<std::chrono::nanoseconds> time) {
  itimerspec when{};  // all zero: never
  if (time) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*time);
    when.it_value.tv_sec = seconds.count();
    when.it_value.tv_nsec = (*time - seconds).count();
  }
  const auto timer = end_timer().number;
  require("timer_settime", "SIGKILL", [&] { return ::timer_settime(timer, 0, &when, nullptr); });
}

}  // namespace troupe::platform
