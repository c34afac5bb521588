// Sleeping on any number of descriptors at once, for one thread.
#pragma once

#include "platform/clock.hpp"
#include "platform/descriptor.hpp"

#include <functional>
#include <memory>
#include <unordered_map>

namespace troupe::platform {

/// Calls back for descriptors that can be read (an epoll instance). They belong to the caller, who forgets them before he closes
/// them. One thread.
///
/// A descriptor that can still be read is told again by the next call: it takes no system call to listen on, as it does with
/// Asio, which is told of each change once.
class poller {
 public:
  /// Throws `std::system_error` where no descriptor is left.
  poller();

  /// `when_readable` is called by `wait` and `look` for as long as `number` can be read, or the other end has closed it.
  /// It may watch and forget, also itself.
  void watch(int number, std::function<void()> when_readable);
  /// Nothing where it is not watched.
  void forget(int number);

  /// Sleeps until there is something to call back for, or the deadline; or for less, where a signal comes.
  void wait(time_point deadline);
  /// As that, without sleeping.
  void look();

 private:
  void call_back(int timeout);

  descriptor epoll_;
  std::unordered_map<int, std::shared_ptr<const std::function<void()>>> watched_;
};

}  // namespace troupe::platform
