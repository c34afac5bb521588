#include "platform/poller.hpp"

#include "platform/error.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <poll.h>
#include <sys/epoll.h>
#include <utility>

namespace troupe::platform {
namespace {

constexpr std::size_t most_at_once = 64;

timespec left_until(time_point deadline) {
  const auto left = std::max(deadline - std::chrono::steady_clock::now(), time_point::duration::zero());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  return {static_cast<std::time_t>(seconds.count()),
          static_cast<long>(std::chrono::nanoseconds{left - seconds}.count())};
}

}  // namespace

poller::poller()
    : epoll_{adopt_above_standard(
          require("epoll_create", "a sleeping thread", [] { return ::epoll_create1(EPOLL_CLOEXEC); }))} {}

void poller::watch(int number, std::function<void()> when_readable) {
  epoll_event what{};
  what.events = EPOLLIN;
  what.data.fd = number;
  require("epoll_ctl", "a descriptor to wait for",
          [&] { return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, number, &what); });
  watched_[number] = std::make_shared<const std::function<void()>>(std::move(when_readable));
}

void poller::forget(int number) {
  if (watched_.erase(number) != 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, number, nullptr);
}

// epoll_wait counts milliseconds, and neither valgrind nor older C libraries know epoll_pwait2.
void poller::wait(time_point deadline) {
  if (deadline == never) return call_back(-1);
  const auto left = left_until(deadline);
  pollfd all{epoll_.get(), POLLIN, 0};
  const int ready = ::ppoll(&all, 1, &left, nullptr);
  if (ready == -1 && errno != EINTR) throw_system_error(errno, "ppoll", "a sleeping thread");
  if (ready > 0) call_back(0);
}

void poller::look() { call_back(0); }

void poller::call_back(int timeout) {
  std::array<epoll_event, most_at_once> ready;
  const int count = ::epoll_wait(epoll_.get(), ready.data(), ready.size(), timeout);
  if (count == -1 && errno != EINTR) throw_system_error(errno, "epoll_wait", "a sleeping thread");
  for (int i = 0; i < count; ++i) {
    const auto place = watched_.find(ready.at(i).data.fd);
    if (place == watched_.end()) continue;  // another's callback has ended it
    const auto call = place->second;
    (*call)();
  }
}

}  // namespace troupe::platform
