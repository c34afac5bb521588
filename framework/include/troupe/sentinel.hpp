// A descriptor that tells a process's death.
#pragma once

#include <utility>

namespace troupe {

/// Owns a descriptor that becomes readable when a process ends, and stays so: for poll, epoll, or an event loop of the
/// host's own (`process::sentinel`). It is only to be waited for: it is never read from. It is its owner's alone, and
/// goes on working after the system's end.
///
///     const auto death = worker.sentinel();
///     pollfd both[] = {{death.native_handle(), POLLIN, 0}, {socket, POLLIN, 0}};
///
/// Move-only. Threads: any. Processes: the one that asked for it.
class sentinel {
 public:
  sentinel() = default;
  /// Takes ownership of `number`.
  explicit sentinel(int number) : number_{number} {}
  sentinel(sentinel&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
  sentinel& operator=(sentinel&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~sentinel();

  /// The descriptor's number; -1 where there is none.
  [[nodiscard]] int native_handle() const { return number_; }
  /// Gives the descriptor to the caller, who closes it.
  [[nodiscard]] int release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

}  // namespace troupe
