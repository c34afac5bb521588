#include "platform/signals.hpp"

#include "platform/error.hpp"
#include "platform/process.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <signal.h>
#include <unistd.h>

namespace troupe::platform {
namespace {

constexpr std::size_t most_watches = 16;
constexpr std::array watched{SIGINT, SIGTERM};

// What the handler sees: nothing but lock-free atomics. A place holds a descriptor's number and one; 0 is free.
std::array<std::atomic<int>, most_watches> places;
std::atomic<int> first{0};

std::mutex installing;  // of what follows
std::size_t users = 0;
std::array<struct sigaction, watched.size()> before;

void on_signal(int number) {
  const int kept = errno;
  int none = 0;
  if (first.compare_exchange_strong(none, number)) {
    constexpr std::uint64_t one = 1;
    for (const auto& place : places) {
      if (const int taken = place.load(); taken != 0 && ::write(taken - 1, &one, sizeof one) == -1) break;
    }
  } else {
    ::signal(number, SIG_DFL);
    ::raise(number);  // comes when this handler returns
  }
  errno = kept;
}

void install() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i < watched.size(); ++i) {
    require("sigaction", signal_name(watched[i]),
            [&] { return ::sigaction(watched[i], &action, &before[i]); });
    if (before[i].sa_handler == SIG_IGN) ::sigaction(watched[i], &before[i], nullptr);
  }
}

void restore() {
  for (std::size_t i = 0; i < watched.size(); ++i) ::sigaction(watched[i], &before[i], nullptr);
  first = 0;
}

}  // namespace

signal_watch::signal_watch() {
  const std::lock_guard lock{installing};
  while (place_ < most_watches && places[place_] != 0) ++place_;
  if (place_ == most_watches) throw_system_error(EMFILE, "handle_signals", "systems of one process");
  if (users == 0) install();
  ++users;
  places[place_] = waker_.descriptor_number() + 1;
  if (first != 0) waker_.wake();
}

signal_watch::~signal_watch() {
  const std::lock_guard lock{installing};
  places[place_] = 0;
  if (--users == 0) restore();
}

int signal_watch::number() const { return first; }

}  // namespace troupe::platform
