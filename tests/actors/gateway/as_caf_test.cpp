#include <troupe/caf.hpp>
#include <troupe/troupe.hpp>

#include "counter.hpp"
#include "support/processes.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <string>

using namespace gateway_tests;
using troupe::caf::as_caf;
using troupe::caf::errc;
using troupe::caf::method;

namespace {

using half_atom = ::caf::atom_constant<::caf::atom("half")>;
using die_atom = ::caf::atom_constant<::caf::atom("die")>;
using pid_atom = ::caf::atom_constant<::caf::atom("pid")>;
using total_atom = ::caf::atom_constant<::caf::atom("total")>;

::caf::actor stand_in(::caf::actor_system& actors, const troupe::actor<counter>& whom) {
  return as_caf(actors, whom, method<&counter::add>, method<&counter::total, total_atom>,
                method<&counter::half, half_atom>, method<&counter::greet>, method<&counter::pid, pid_atom>,
                method<&counter::die, die_atom>);
}

struct both {
  caf_settings settings{};
  ::caf::actor_system actors{settings};
  troupe::actor_system processes{};
};

}  // namespace

TEST_CASE("what a CAF actor is sent is called in the process it stands for, in order") {
  both systems;
  ::caf::scoped_actor self{systems.actors};
  const auto whom = systems.processes.spawn<counter>();
  const auto proxy = stand_in(systems.actors, whom);
  for (int n = 1; n <= 100; ++n) self->send(proxy, n);
  REQUIRE(ask<int>(self, proxy, total_atom::value) == 5050);
  REQUIRE(ask<std::string>(self, proxy, "CAF") == std::string{"hello CAF"});
  REQUIRE(ask<int>(self, proxy, pid_atom::value) == whom.pid());
}

TEST_CASE("an atom tells two methods of equal parameters apart") {
  both systems;
  ::caf::scoped_actor self{systems.actors};
  const auto proxy = as_caf(systems.actors, systems.processes.spawn<counter>(), method<&counter::twice>,
                            method<&counter::half, half_atom>);
  REQUIRE(ask<int>(self, proxy, 8) == 16);
  REQUIRE(ask<int>(self, proxy, half_atom::value, 8) == 4);
}

TEST_CASE("an exception answers a CAF request as an error with its text, and the actor lives on") {
  both systems;
  ::caf::scoped_actor self{systems.actors};
  const auto proxy = stand_in(systems.actors, systems.processes.spawn<counter>());
  const auto odd = ask<int>(self, proxy, half_atom::value, 3);
  REQUIRE_FALSE(odd);
  REQUIRE(troupe::caf::code_of(odd.error()) == errc::exception);
  REQUIRE(troupe::caf::text_of(odd.error()) == "3 is odd");
  REQUIRE(ask<int>(self, proxy, half_atom::value, 4) == 2);
}

TEST_CASE("a result goes to whoever sent the message, as CAF does it") {
  both systems;
  ::caf::scoped_actor self{systems.actors};
  const auto proxy = stand_in(systems.actors, systems.processes.spawn<counter>());
  self->send(proxy, half_atom::value, 12);
  int half = 0;
  self->receive([&](int n) { half = n; }, ::caf::after(patience) >> [] { FAIL("no answer"); });
  REQUIRE(half == 6);
}

TEST_CASE(
    "kill -9 of the process behind a CAF actor is a down message with its cause, and an error to who asks") {
  both systems;
  ::caf::scoped_actor self{systems.actors};
  const auto whom = systems.processes.spawn<counter>();
  const auto proxy = stand_in(systems.actors, whom);
  self->monitor(proxy);
  const int pid = whom.pid();
  REQUIRE(::kill(pid, SIGKILL) == 0);
  const auto reason = next_down(self);
  REQUIRE(troupe::caf::code_of(reason) == errc::killed);
  REQUIRE(troupe::caf::text_of(reason) == "killed by SIGKILL");
  REQUIRE_FALSE(ask<int>(self, proxy, total_atom::value));
}

TEST_CASE("a request that its process dies of ends as an error that says so") {
  both systems;
  ::caf::scoped_actor self{systems.actors};
  const auto proxy = stand_in(systems.actors, systems.processes.spawn<counter>());
  const auto answer = ask<int>(self, proxy, die_atom::value, SIGSEGV);
  REQUIRE_FALSE(answer);
  REQUIRE(troupe::caf::code_of(answer.error()) == errc::died_running);
  REQUIRE(troupe::caf::text_of(answer.error()).find("SIGSEGV") != std::string::npos);
}

TEST_CASE("an exception in what was only told ends the process, and whoever is linked") {
  both systems;
  ::caf::scoped_actor self{systems.actors};
  const auto proxy = stand_in(systems.actors, systems.processes.spawn<counter>());
  const auto linked = systems.actors.spawn([proxy](::caf::event_based_actor* mine) -> ::caf::behavior {
    mine->link_to(proxy);
    return {[](::caf::unit_t) {}};
  });
  self->monitor(linked);
  self->send(proxy, -1);
  const auto reason = next_down(self);
  REQUIRE(troupe::caf::code_of(reason) == errc::threw);
  REQUIRE(troupe::caf::text_of(reason).find("it only counts up") != std::string::npos);
}

TEST_CASE("an exit message to a CAF actor stops its process, behind what was sent before") {
  both systems;
  ::caf::scoped_actor self{systems.actors};
  const auto whom = systems.processes.spawn<counter>();
  const auto proxy = stand_in(systems.actors, whom);
  self->monitor(proxy);
  self->send(proxy, 1);
  self->send_exit(proxy, ::caf::exit_reason::user_shutdown);
  REQUIRE(next_down(self) == ::caf::exit_reason::user_shutdown);
  REQUIRE(whom.join().ok());
}

TEST_CASE("the exit reason kill kills the process") {
  both systems;
  const auto whom = systems.processes.spawn<counter>();
  const auto proxy = stand_in(systems.actors, whom);
  ::caf::anon_send_exit(proxy, ::caf::exit_reason::kill);
  REQUIRE(whom.join().code == SIGKILL);
}

TEST_CASE("dropping a CAF actor leaves the process that it stood for") {
  both systems;
  const auto whom = systems.processes.spawn<counter>();
  { const auto proxy = stand_in(systems.actors, whom); }
  REQUIRE(whom.ask<&counter::twice>(2).get() == 4);
}

TEST_CASE("a process that is started again keeps its CAF actor") {
  both systems;
  ::caf::scoped_actor self{systems.actors};
  const auto whom = systems.processes.spawn<counter>({.restart = {troupe::restart::on_crash}});
  const auto proxy = stand_in(systems.actors, whom);
  const auto before = ask<int>(self, proxy, pid_atom::value);
  REQUIRE_FALSE(ask<int>(self, proxy, die_atom::value, SIGKILL));
  const auto after = ask<int>(self, proxy, pid_atom::value);
  REQUIRE(after);
  REQUIRE(*after != *before);
}

TEST_CASE("a CAF system that goes first leaves nothing behind") {
  troupe::actor_system processes;
  caf_settings settings;
  ::caf::actor_system actors{settings};
  const auto proxy = stand_in(actors, processes.spawn<counter>());
  ::caf::scoped_actor self{actors};
  REQUIRE(ask<int>(self, proxy, half_atom::value, 2) == 1);
}
