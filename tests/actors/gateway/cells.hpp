// CAF actors that know nothing of processes, for the tests.
#pragma once

#include <caf/all.hpp>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace gateway_tests {

using get_atom = ::caf::atom_constant<::caf::atom("get")>;
using put_atom = ::caf::atom_constant<::caf::atom("put")>;
using crash_atom = ::caf::atom_constant<::caf::atom("crash")>;
using throw_atom = ::caf::atom_constant<::caf::atom("throw")>;
using quit_atom = ::caf::atom_constant<::caf::atom("quit")>;
using later_atom = ::caf::atom_constant<::caf::atom("later")>;
using delegate_atom = ::caf::atom_constant<::caf::atom("delegate")>;
using where_atom = ::caf::atom_constant<::caf::atom("where")>;
using detach_atom = ::caf::atom_constant<::caf::atom("detach")>;
using ask_atom = ::caf::atom_constant<::caf::atom("ask")>;

/// A type of the program's own, as CAF wants it.
struct point {
  int x = 0;
  int y = 0;
  friend bool operator==(const point& a, const point& b) { return a.x == b.x && a.y == b.y; }
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, point& p) {
  return f(::caf::meta::type_name("point"), p.x, p.y);
}
/// A type that nobody announces.
struct secret {
  int value = 0;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, secret& s) {
  return f(s.value);
}

struct cell_state {
  int value = 0;
  std::vector<::caf::response_promise> waiting{};
};

/// A cell in CAF's usual style, with several ways to go wrong.
inline ::caf::behavior cell(::caf::stateful_actor<cell_state>* self, int value) {
  self->state.value = value;
  return {
      [=](put_atom, int next) {
        self->state.value = next;
        for (auto& each : self->state.waiting) each.deliver(next);
        self->state.waiting.clear();
      },
      [=](get_atom) { return self->state.value; },
      [=](where_atom) { return static_cast<int>(::getpid()); },
      [=](later_atom) {  // answered by the next put
        self->state.waiting.push_back(self->make_response_promise());
        return self->state.waiting.back();
      },
      [=](later_atom, int next) {
        self->delayed_send(self, std::chrono::milliseconds{10}, put_atom::value, next);
      },
      [=](delegate_atom, int n) {
        const auto twice = self->spawn([](::caf::event_based_actor*) -> ::caf::behavior {
          return {[](int number) { return 2 * number; }};
        });
        return self->delegate(twice, n);
      },
      [=](detach_atom, int n) {
        const auto twice = self->spawn<::caf::detached>([](::caf::event_based_actor*) -> ::caf::behavior {
          return {[](int number) { return 2 * number; }};
        });
        return self->delegate(twice, n);
      },
      [=](ask_atom) {
        auto promise = self->make_response_promise();
        const auto whom = ::caf::actor_cast<::caf::actor>(promise.source());
        self->request(whom, ::caf::infinite, get_atom::value)
            .then([=](int n) mutable { promise.deliver(n); },
                  [=](::caf::error& problem) mutable { promise.deliver(std::move(problem)); });
        return promise;
      },
      [=](point p) {
        return point{p.y, p.x};
      },
      [=](crash_atom) -> int {
        ::raise(SIGSEGV);
        return 0;
      },
      [=](throw_atom) -> int { throw std::domain_error{"not in this domain"}; },
      [=](quit_atom) { self->quit(::caf::make_error(::caf::sec::bad_function_call, "enough")); },
      [=](quit_atom, get_atom) { self->quit(); },
  };
}

/// Answers each exit message by a message to whoever sent the first message, and stays.
inline ::caf::behavior stubborn(::caf::event_based_actor* self) {
  self->set_exit_handler([](::caf::exit_msg&) {});
  return {[](int n) { return n + 1; }};
}

/// Sends numbers to whoever asks for them.
inline ::caf::behavior sends_numbers(::caf::event_based_actor* self) {
  return {[self](int count) {
    const auto to = ::caf::actor_cast<::caf::actor>(self->current_sender());
    for (int n = 0; n < count; ++n) self->send(to, n, "number " + std::to_string(n));
  }};
}

using adder = ::caf::typed_actor<::caf::replies_to<int, int>::with<int>>;
inline adder::behavior_type typed_adder() {
  return {[](int a, int b) { return a + b; }};
}

class multiplier : public ::caf::event_based_actor {
 public:
  multiplier(::caf::actor_config& config, int factor, const std::string& name)
      : event_based_actor{config}, factor_{factor}, name_{name} {}
  ::caf::behavior make_behavior() override {
    return {[this](int n) { return factor_ * n; }, [this](get_atom) { return name_; }};
  }

 private:
  int factor_;
  std::string name_;
};

}  // namespace gateway_tests
