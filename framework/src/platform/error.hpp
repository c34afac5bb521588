// The one way to make a system call: retries EINTR, keeps errno, names the call and its object.
#pragma once

#include <cerrno>
#include <string_view>
#include <system_error>

namespace troupe::platform {

/// Throws `std::system_error` for the errno `code`, saying "call (object): reason".
[[noreturn]] void throw_system_error(int code, std::string_view call, std::string_view object);

/// Calls `attempt` until it is not interrupted (EINTR); returns what it returned, -1 with errno set included.
template <class Attempt>
auto retry(Attempt attempt) {
  auto result = attempt();
  while (result == -1 && errno == EINTR) result = attempt();
  return result;
}

/// As `retry`, but throws `std::system_error` that names `call` and `object` where the call fails.
template <class Attempt>
auto require(std::string_view call, std::string_view object, Attempt attempt) {
  auto result = retry(attempt);
  if (result == -1) throw_system_error(errno, call, object);
  return result;
}

}  // namespace troupe::platform
