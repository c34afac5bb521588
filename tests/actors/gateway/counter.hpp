// A process actor for the tests, and how they talk to a CAF actor.
#pragma once

#include <troupe/troupe.hpp>

#include <caf/all.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>

namespace gateway_tests {

class counter {
 public:
  void add(int n) {
    if (n < 0) throw std::invalid_argument{"it only counts up"};
    total_ += n;
  }
  int total() const { return total_; }
  int twice(int n) const { return 2 * n; }
  std::string greet(std::string_view whom) const { return "hello " + std::string{whom}; }
  int half(int n) const {
    if (n % 2 != 0) throw std::invalid_argument{std::to_string(n) + " is odd"};
    return n / 2;
  }
  int pid() const { return troupe::this_actor::pid(); }
  int die(int signal) const {
    ::raise(signal);
    return 0;
  }

 private:
  int total_ = 0;
};

inline constexpr std::chrono::seconds patience{20};

/// What CAF's own programs do to ask: the answer, or the error.
template <class T, class... Values>
::caf::expected<T> ask(::caf::scoped_actor& self, const ::caf::actor& whom, Values&&... values) {
  ::caf::expected<T> outcome{::caf::make_error(::caf::sec::unexpected_response)};
  self->request(whom, patience, std::forward<Values>(values)...)
      .receive([&](T& answer) { outcome = std::move(answer); },
               [&](::caf::error& problem) { outcome = std::move(problem); });
  return outcome;
}

/// Waits for the next down message.
inline ::caf::error next_down(::caf::scoped_actor& self) {
  ::caf::error reason = ::caf::make_error(::caf::sec::request_timeout);
  self->receive([&](::caf::down_msg& down) { reason = down.reason; },
                ::caf::after(patience) >> [] { FAIL("no down message has come"); });
  return reason;
}

/// A CAF system for one test: one worker, that does not steal.
class caf_settings : public ::caf::actor_system_config {
 public:
  caf_settings() {
    set("scheduler.policy", ::caf::atom("sharing"));
    set("scheduler.max-threads", 2);
  }
};

}  // namespace gateway_tests
