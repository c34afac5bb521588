// What a turn sends over nodes: all of it with the turn's end, or nothing.
#include <troupe/node.hpp>
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "place.hpp"

#include <catch2/catch.hpp>
#include <signal.h>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using support::place;

namespace {

constexpr auto soon = 60s;

class listener {
 public:
  void hear(int n, const std::string&) { heard_.push_back(n); }
  std::vector<int> heard() const { return heard_; }

 private:
  std::vector<int> heard_;
};
using listeners = std::vector<troupe::actor<listener>>;

/// Says at which attempt it is, and dies at the first.
class mortal {
 public:
  void tell_and_ask(const troupe::actor<listener>& told, const troupe::actor<listener>& asked) {
    say(told);
    asked.ask<&listener::heard>().get();
    die_once();
  }
  void tell_many(const troupe::actor<listener>& told, const listeners& more, std::size_t size) {
    say(told);
    for (const auto& each : more) say(each, size);
    die_once();
  }
  void put(troupe::queue<int> where, const troupe::actor<listener>& asked) {
    where.put(attempt());
    asked.ask<&listener::heard>().get();
    die_once();
  }
  /// What `whom` has heard when it is asked in the turn that told it something, and told another something before.
  std::vector<int> tell_then_ask(const troupe::actor<listener>& whom, const troupe::actor<listener>& other) {
    say(other);
    say(whom);
    return whom.ask<&listener::heard>().get();
  }
  void stop(const troupe::actor<listener>& whom) {
    say(whom);
    whom.stop();
  }

 private:
  static int attempt() { return static_cast<int>(troupe::this_actor::attempt()); }
  static void say(const troupe::actor<listener>& whom, std::size_t size = 1) {
    whom.tell<&listener::hear>(attempt(), std::string(size, 'x'));
  }
  static void die_once() {
    if (attempt() == 1) ::raise(SIGKILL);
  }
};

troupe::spawn_options mortal_options(const troupe::placement& where) {
  troupe::spawn_options options{.on = where};
  options.restart = {.when = troupe::restart::on_crash, .within = 60s};
  options.max_attempts = 2;
  return options;
}

struct two_nodes {
  place here;
  place there{{here.node.address()}};
  troupe::actor<mortal> it = here.system.spawn<mortal>(mortal_options({}));
  /// On the other node, and known to it.
  troupe::actor<listener> listens() {
    auto made = here.system.spawn<listener>({.on = there.node.self()});
    it.ask<&mortal::tell_then_ask>(made, made).get(soon);
    return made;
  }
  void wait_for_turn() { it.ask<&mortal::tell_then_ask>(last_, last_).get(soon); }

 private:
  troupe::actor<listener> last_ = here.system.spawn<listener>({.on = there.node.self()});
};

std::vector<int> heard_by(const troupe::actor<listener>& whom) {
  return whom.ask<&listener::heard>().get(soon);
}

}  // namespace

TEST_CASE("of a turn that dies nothing has been told on another node, whatever it asked there") {
  two_nodes nodes;
  const auto told = nodes.listens(), asked = nodes.listens();
  nodes.it.tell<&mortal::tell_and_ask>(told, asked);
  nodes.wait_for_turn();
  CHECK(heard_by(told) == std::vector{1, 1, 2});
}

TEST_CASE("nor where it was the first to say something there, or said more than a mailbox holds") {
  two_nodes nodes;
  const auto told = nodes.listens();
  const std::size_t size = GENERATE(1, 300 << 10, 3 << 20);
  const auto more = [&] {
    return listeners{nodes.here.system.spawn<listener>({.on = nodes.there.node.self()}), nodes.listens()};
  }();
  nodes.it.tell<&mortal::tell_many>(told, more, size);
  nodes.wait_for_turn();
  CHECK(heard_by(told) == std::vector{1, 1, 2});
  CHECK(heard_by(more.front()) == std::vector{2});
  CHECK(heard_by(more.back()) == std::vector{1, 1, 2});
}

TEST_CASE("what a turn that dies puts into a queue of another node is not there") {
  two_nodes nodes;
  const auto it = nodes.here.system.spawn<mortal>(mortal_options(nodes.there.node.self()));
  const auto asked = nodes.here.system.spawn<listener>();
  troupe::queue<int> numbers{nodes.here.system};
  it.tell<&mortal::put>(numbers, asked);
  it.ask<&mortal::tell_then_ask>(asked, asked).get(soon);
  CHECK(numbers.get() == 2);
  CHECK_THROWS_AS(numbers.get_for(0ms), troupe::timeout);
}

TEST_CASE("who is asked on another node has heard what the same turn told it before") {
  two_nodes nodes;
  const auto one = nodes.listens(), other = nodes.listens();
  CHECK(nodes.it.ask<&mortal::tell_then_ask>(one, other).get(soon) == std::vector{1, 1, 1});
  CHECK(heard_by(other) == std::vector{1, 1, 1});
}

TEST_CASE("what a turn tells an actor of another node comes before the stop of the same turn") {
  two_nodes nodes;
  for (int round = 0; round < 20; ++round) {
    const auto one = nodes.listens();
    nodes.it.tell<&mortal::stop>(one);
    const auto ended = one.join_for(soon);
    REQUIRE(ended.has_value());
    CHECK(ended->kind == troupe::exit_kind::normal);
  }
}
