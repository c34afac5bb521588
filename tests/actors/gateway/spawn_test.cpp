#include <troupe/caf.hpp>
#include <troupe/troupe.hpp>

#include "cells.hpp"
#include "counter.hpp"
#include "support/processes.hpp"

#include <caf/io/all.hpp>
#include <catch2/catch.hpp>
#include <csignal>
#include <string>

using namespace gateway_tests;
using troupe::caf::code_of;
using troupe::caf::errc;
using troupe::caf::text_of;

namespace {

/// Says once what travels beside CAF's own types.
struct with_points : caf_settings {
  with_points() { add_message_type<point>("point"); }
};
struct with_network : with_points {
  with_network() { load<::caf::io::middleman>(); }
};

struct both {
  with_points settings{};
  ::caf::actor_system actors{settings};
  troupe::actor_system processes{};
  troupe::caf::gateway<with_points> systems{processes, actors};
};

std::size_t count_of(troupe::actor_system& processes) { return processes.actors().size(); }

}  // namespace

TEST_CASE("an unchanged CAF actor in a process of its own answers requests and takes messages in order") {
  both all;
  ::caf::scoped_actor self{all.actors};
  const auto there = troupe::caf::spawn<cell>(all.systems, 7);
  REQUIRE(ask<int>(self, there, get_atom::value) == 7);
  for (int n = 0; n < 1000; ++n) self->send(there, put_atom::value, n);
  REQUIRE(ask<int>(self, there, get_atom::value) == 999);
  const auto pid = ask<int>(self, there, where_atom::value);
  REQUIRE(pid);
  REQUIRE(*pid != ::getpid());
  REQUIRE(all.processes.actors().at(0).pid == *pid);
  REQUIRE(all.processes.actors().at(0).name == "gateway_tests::cell");
}

TEST_CASE("spawn options come first, and a class is spawned as a function is") {
  both all;
  ::caf::scoped_actor self{all.actors};
  const auto there = troupe::caf::spawn<multiplier>(all.systems, {.name = "times three"}, 3, "three");
  REQUIRE(ask<int>(self, there, 14) == 42);
  REQUIRE(ask<std::string>(self, there, get_atom::value) == std::string{"three"});
  REQUIRE(all.processes.actors().at(0).name == "times three");
}

TEST_CASE("a typed actor in a process of its own keeps its type") {
  both all;
  ::caf::scoped_actor self{all.actors};
  const adder there = troupe::caf::spawn<typed_adder>(all.systems);
  int sum = 0;
  self->request(there, patience, 19, 23).receive([&](int n) { sum = n; }, [](::caf::error&) {});
  REQUIRE(sum == 42);
}

TEST_CASE("a segmentation fault in a hosted actor does not end the program, and is told with its cause") {
  both all;
  ::caf::scoped_actor self{all.actors};
  const auto there = troupe::caf::spawn<cell>(all.systems, 1);
  self->monitor(there);
  const auto answer = ask<int>(self, there, crash_atom::value);
  REQUIRE_FALSE(answer);
  REQUIRE(code_of(answer.error()) == errc::died_running);
  const auto reason = next_down(self);
  REQUIRE(code_of(reason) == errc::killed);
  REQUIRE(text_of(reason).find("SIGSEGV") != std::string::npos);
}

TEST_CASE("kill -9 of a hosted actor's process ends who is linked to it, with the cause") {
  both all;
  ::caf::scoped_actor self{all.actors};
  const auto there = troupe::caf::spawn<cell>(all.systems, 1);
  const auto linked = all.actors.spawn([there](::caf::event_based_actor* mine) -> ::caf::behavior {
    mine->link_to(there);
    return {[](int n) { return n; }};
  });
  self->monitor(linked);
  REQUIRE(ask<int>(self, linked, 1) == 1);
  const auto pid = ask<int>(self, there, where_atom::value);
  REQUIRE(::kill(*pid, SIGKILL) == 0);
  REQUIRE(text_of(next_down(self)) == "killed by SIGKILL");
}

TEST_CASE("a hosted actor is started again by its policy, and its handle goes on") {
  both all;
  ::caf::scoped_actor self{all.actors};
  const auto there = troupe::caf::spawn<cell>(all.systems, {.restart = {troupe::restart::on_crash}}, 5);
  self->send(there, put_atom::value, 6);
  const auto before = ask<int>(self, there, where_atom::value);
  REQUIRE_FALSE(ask<int>(self, there, crash_atom::value));
  REQUIRE(ask<int>(self, there, get_atom::value) == 5);
  const auto after = ask<int>(self, there, where_atom::value);
  REQUIRE(*after != *before);
  REQUIRE_FALSE(ask<int>(self, there, throw_atom::value));  // a CAF actor that fails has crashed too
  REQUIRE(ask<int>(self, there, get_atom::value) == 5);
  self->send(there, later_atom::value, 8);  // what it sends by itself arrives from each of its processes
  const auto third = ask<int>(self, there, where_atom::value);
  REQUIRE(*third != *after);
}

TEST_CASE("requests behind the one that a hosted actor died of are answered by its next process") {
  both all;
  ::caf::scoped_actor self{all.actors};
  const auto there = troupe::caf::spawn<cell>(all.systems, {.restart = {troupe::restart::on_crash}}, 5);
  auto crash = self->request(there, patience, crash_atom::value);
  auto get = self->request(there, patience, get_atom::value);
  int value = 0;
  get.receive([&](int n) { value = n; }, [](::caf::error& problem) { FAIL(text_of(problem)); });
  crash.receive([](int) { FAIL("there was an answer"); }, [](::caf::error&) {});
  REQUIRE(value == 5);
}

TEST_CASE("an exception in a hosted actor's handler is the reason of its end") {
  both all;
  ::caf::scoped_actor self{all.actors};
  const auto there = troupe::caf::spawn<cell>(all.systems, 5);
  self->monitor(there);
  REQUIRE_FALSE(ask<int>(self, there, throw_atom::value));
  const auto reason = next_down(self);
  REQUIRE(code_of(reason) == errc::exception);
  REQUIRE(text_of(reason) == "not in this domain");
}

TEST_CASE("the reason that a hosted actor quits for is the reason that is told") {
  both all;
  ::caf::scoped_actor self{all.actors};
  const auto failing = troupe::caf::spawn<cell>(all.systems, 5);
  self->monitor(failing);
  self->send(failing, quit_atom::value);
  REQUIRE(next_down(self) == ::caf::sec::bad_function_call);
  const auto content = troupe::caf::spawn<cell>(all.systems, 5);
  self->monitor(content);
  ::caf::anon_send(content, quit_atom::value, get_atom::value);
  REQUIRE_FALSE(next_down(self));
  REQUIRE(support::wait_until([&] { return count_of(all.processes) == 0; }));
}

TEST_CASE("an exit message reaches the hosted actor, which may refuse, and kill does not ask") {
  both all;
  ::caf::scoped_actor self{all.actors};
  const auto usual = troupe::caf::spawn<cell>(all.systems, 5);
  self->monitor(usual);
  self->send_exit(usual, ::caf::exit_reason::user_shutdown);
  REQUIRE(next_down(self) == ::caf::exit_reason::user_shutdown);

  const auto there = troupe::caf::spawn<stubborn>(all.systems);
  self->monitor(there);
  self->send_exit(there, ::caf::exit_reason::user_shutdown);
  REQUIRE(ask<int>(self, there, 1) == 2);
  self->send_exit(there, ::caf::exit_reason::kill);
  REQUIRE(next_down(self) == ::caf::exit_reason::kill);
  REQUIRE(support::wait_until([&] { return count_of(all.processes) == 0; }));
}

TEST_CASE("what a hosted actor sends to its sender arrives there, in order") {
  both all;
  ::caf::scoped_actor self{all.actors};
  const auto there = troupe::caf::spawn<sends_numbers>(all.systems);
  self->send(there, 1000);
  int next = 0;
  while (next < 1000) {
    self->receive(
        [&](int n, const std::string& text) {
          REQUIRE(n == next++);
          REQUIRE(text == "number " + std::to_string(n));
        },
        ::caf::after(patience) >> [] { FAIL("not all have come"); });
  }
}

TEST_CASE("promises, delegation, timeouts and threads of a hosted actor work as elsewhere") {
  both all;
  ::caf::scoped_actor self{all.actors};
  const auto there = troupe::caf::spawn<cell>(all.systems, 5);
  auto later = self->request(there, patience, later_atom::value);
  self->send(there, later_atom::value, 9);  // in 10 ms, which answers the request before
  int value = 0;
  later.receive([&](int n) { value = n; }, [](::caf::error& problem) { FAIL(text_of(problem)); });
  REQUIRE(value == 9);
  REQUIRE(ask<int>(self, there, delegate_atom::value, 21) == 42);
  REQUIRE(ask<int>(self, there, detach_atom::value, 4) == 8);
}

TEST_CASE("types of the program's own travel where they are announced, and are refused where not") {
  both all;
  ::caf::scoped_actor self{all.actors};
  const auto there = troupe::caf::spawn<cell>(all.systems, 5);
  REQUIRE(ask<point>(self, there, point{1, 2}) == point{2, 1});
  const auto refused = ask<int>(self, there, secret{1});
  REQUIRE_FALSE(refused);
  REQUIRE(code_of(refused.error()) == errc::refused);
  const auto handle = ask<int>(self, there, there);  // a handle in a message
  REQUIRE_FALSE(handle);
  REQUIRE(code_of(handle.error()) == errc::refused);
  REQUIRE(ask<int>(self, there, get_atom::value) == 5);  // it has not even noticed
}

TEST_CASE("a hosted actor's requests to the host end as an error") {
  both all;
  const auto asker = all.actors.spawn(
      [](::caf::event_based_actor*) -> ::caf::behavior { return {[](get_atom) { return 1; }}; });
  ::caf::scoped_actor self{all.actors};
  const auto there = troupe::caf::spawn<cell>(all.systems, 5);
  const auto answer = ask<int>(self, there, ask_atom::value);
  REQUIRE_FALSE(answer);
  REQUIRE(code_of(answer.error()) == errc::refused);
}

TEST_CASE("a hosted actor that nobody refers to ends with its process") {
  both all;
  { const auto there = troupe::caf::spawn<cell>(all.systems, 5); }
  REQUIRE(support::wait_until([&] { return count_of(all.processes) == 0; }));
}

TEST_CASE("a hosted actor's own system may go first, or last") {
  troupe::actor_system processes;
  with_points settings;
  ::caf::actor_system actors{settings};
  const troupe::caf::gateway<with_points> systems{processes, actors};
  const auto there = troupe::caf::spawn<cell>(systems, 5);
  ::caf::scoped_actor self{actors};
  REQUIRE(ask<int>(self, there, get_atom::value) == 5);
}

TEST_CASE("the end of the system of processes ends hosted actors") {
  both all;
  ::caf::scoped_actor self{all.actors};
  const auto there = troupe::caf::spawn<cell>(all.systems, 5);
  self->monitor(there);
  all.processes.stop();
  next_down(self);
  REQUIRE_FALSE(ask<int>(self, there, get_atom::value));
}

TEST_CASE("processes are published by CAF's middleman, and used over the network") {
  with_network settings;
  ::caf::actor_system actors{settings};
  troupe::actor_system processes;
  const troupe::caf::gateway<with_points> systems{processes, actors};
  const auto hosted = troupe::caf::spawn<cell>(systems, 5);
  const auto whom = processes.spawn<counter>();
  const auto twice = troupe::caf::as_caf(actors, whom, troupe::caf::method<&counter::twice>);
  const auto hosted_port = actors.middleman().publish(hosted, 0, "127.0.0.1");
  const auto twice_port = actors.middleman().publish(twice, 0, "127.0.0.1");
  REQUIRE(hosted_port);
  REQUIRE(twice_port);

  with_network others_settings;
  ::caf::actor_system others{others_settings};
  ::caf::scoped_actor self{others};
  auto far_hosted = others.middleman().remote_actor("127.0.0.1", *hosted_port);
  auto far_twice = others.middleman().remote_actor("127.0.0.1", *twice_port);
  REQUIRE(far_hosted);
  REQUIRE(far_twice);
  REQUIRE(ask<point>(self, *far_hosted, point{3, 4}) == point{4, 3});
  REQUIRE(ask<int>(self, *far_twice, 21) == 42);
  self->monitor(*far_hosted);
  REQUIRE_FALSE(ask<int>(self, *far_hosted, crash_atom::value));
  REQUIRE(code_of(next_down(self)) == errc::killed);
}
