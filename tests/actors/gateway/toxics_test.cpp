// Nodes over networks that are late, slow, lossy of connections, or silent.
#include <troupe/certificates.hpp>
#include <troupe/node.hpp>
#include <troupe/troupe.hpp>

#include "place.hpp"
#include "proxy.hpp"
#include "samples/folder.hpp"
#include "support/processes.hpp"
#include "support/range.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using support::place;
using support::range;
using support::stream;

namespace {

constexpr auto soon = 100s;

class notebook {
 public:
  void note(int n, const std::string&) { notes_.push_back(n); }
  std::vector<int> notes() const { return notes_; }
  std::string echo(const std::string& text) const { return text; }
  troupe::promise<int> never() {
    waiting_.emplace_back();
    return waiting_.back();
  }

 private:
  std::vector<int> notes_;
  std::vector<troupe::promise<int>> waiting_;
};

/// The second has joined the first by way of what is between.
struct two_nodes {
  explicit two_nodes(std::chrono::milliseconds beat = 5s, bool by_tls = false)
      : certificates{by_tls ? std::make_unique<samples::folder>() : nullptr},
        first{{}, "one", beat, of("one")},
        between{support::port_of(first.node)},
        second{{between.address()}, "two", beat, of("two")} {}
  troupe::actor<notebook> there() { return first.system.spawn<notebook>({.on = second.node.self()}); }
  troupe::actor<notebook> back() { return second.system.spawn<notebook>({.on = first.node.self()}); }
  [[nodiscard]] std::string of(const std::string& name) const {
    if (!certificates) return {};
    troupe::make_certificates(certificates->path(), {name});
    return *certificates / name;
  }

  std::unique_ptr<samples::folder> certificates;
  place first;
  support::proxy between;
  place second;
};

void tell_all(const troupe::actor<notebook>& whom, int count, std::size_t size) {
  for (int n = 0; n < count; ++n) whom.tell<&notebook::note>(n, std::string(size, 'x'));
}

/// Of messages of that size, as many each way at once.
void check_all_comes(two_nodes& nodes, int count, std::size_t size) {
  const auto there = nodes.there();
  const auto back = nodes.back();
  auto from_second = std::async(std::launch::async, [&] { tell_all(back, count, size); });
  tell_all(there, count, size);
  from_second.get();
  CHECK(there.ask<&notebook::notes>().get(soon) == range(count));
  CHECK(back.ask<&notebook::notes>().get(soon) == range(count));
}

void check_node_down(troupe::future<int>& asked) {
  try {
    (void)asked.get(soon);
    FAIL("an answer came");
  } catch (const troupe::actor_down& down) {
    CHECK(down.status().kind == troupe::exit_kind::node_down);
  }
}

bool is(troupe::node_status::state how, const troupe::cluster_node& as_seen_by) {
  return support::wait_until([&] { return as_seen_by.members().back().is == how; });
}

}  // namespace

TEST_CASE("what comes late, sooner and later, and in slices, comes in order") {
  const bool by_tls = GENERATE(false, true);
  INFO("TLS: " << by_tls);
  two_nodes nodes{5s, by_tls};
  nodes.between.set({.latency = 10ms, .jitter = 9ms, .slicer = 100});
  check_all_comes(nodes, 5000, 50);
  CHECK(nodes.between.connections() == 1);
}

TEST_CASE("a slow network is not a silent one, however much is to pass over it") {
  two_nodes nodes{1s};
  nodes.between.set({.bandwidth = 1'000'000});
  const auto there = nodes.there();
  const auto back = nodes.back();
  const std::string large(5'000'000, 'x');  // takes longer than a silent node is waited for
  auto from_second = back.ask<&notebook::echo>(large);
  CHECK(there.ask<&notebook::echo>(large).get(soon) == large);
  CHECK(from_second.get(soon) == large);
  CHECK(nodes.between.connections() == 1);
}

TEST_CASE("connections that end in the middle of a message, again and again, lose and repeat nothing") {
  const bool by_tls = GENERATE(false, true);
  const bool by_reset = GENERATE(false, true);
  INFO("TLS: " << by_tls << ", by reset: " << by_reset);
  two_nodes nodes{5s, by_tls};
  // More than a batch, so that each connection gets on.
  nodes.between.set(stream::up, {.limit_data = 700'000, .reset_peer = by_reset});
  nodes.between.set(stream::down, {.limit_data = 900'000, .reset_peer = by_reset});
  check_all_comes(nodes, 4000, 1000);
  const auto there = nodes.there();
  const std::string large(3'000'000, 'x');
  CHECK(there.ask<&notebook::echo>(large).get(soon) == large);
  CHECK(nodes.between.connections() > 10);
}

TEST_CASE("connections that are reset at one end only are made again, and lose and repeat nothing") {
  const auto which = GENERATE(stream::up, stream::down);
  two_nodes nodes;
  nodes.between.set(which, {.limit_data = 700'000, .reset_peer = true});
  check_all_comes(nodes, 2000, 1000);
  CHECK(nodes.between.connections() > 2);
}

TEST_CASE("what is said while there is no network comes when there is one again") {
  const bool by_tls = GENERATE(false, true);
  two_nodes nodes{5s, by_tls};
  const auto there = nodes.there();
  const auto back = nodes.back();
  nodes.between.enable(false);
  nodes.between.cut();
  tell_all(there, 1000, 50);
  tell_all(back, 1000, 50);
  CHECK(is(troupe::node_status::state::broken, nodes.first.node));
  CHECK(is(troupe::node_status::state::broken, nodes.second.node));
  nodes.between.enable(true);
  CHECK(there.ask<&notebook::notes>().get(soon) == range(1000));
  CHECK(back.ask<&notebook::notes>().get(soon) == range(1000));
}

TEST_CASE("a connection whose end one node alone has heard of is made again") {
  two_nodes nodes;
  nodes.between.set(stream::up, {.slow_close = 1h});
  const auto there = nodes.there();
  const auto back = nodes.back();
  nodes.between.cut();
  tell_all(there, 1000, 50);
  tell_all(back, 1000, 50);
  REQUIRE(there.ask<&notebook::notes>().get(60s) == range(1000));
  REQUIRE(back.ask<&notebook::notes>().get(60s) == range(1000));
}

TEST_CASE("where nothing gets through in one direction, both nodes give each other up, and every ask ends") {
  const bool up = GENERATE(true, false);
  const bool down = GENERATE(true, false);
  if (!up && !down) return;
  INFO("nothing gets through from who has joined: " << up << ", to it: " << down);
  two_nodes nodes{500ms};
  const auto there = nodes.there();
  const auto back = nodes.back();
  auto asked = there.ask<&notebook::never>();
  auto asked_back = back.ask<&notebook::never>();
  nodes.between.set(stream::up, {.timeout = up});
  nodes.between.set(stream::down, {.timeout = down});
  check_node_down(asked);
  check_node_down(asked_back);
  CHECK(there.join().kind == troupe::exit_kind::node_down);
  CHECK(back.join().kind == troupe::exit_kind::node_down);
  CHECK(is(troupe::node_status::state::down, nodes.first.node));
  CHECK(is(troupe::node_status::state::down, nodes.second.node));
}

TEST_CASE("a node is given up after so many heartbeats of those who wait for it as are said") {
  // It hears them, and is not heard: they are counted on their way to it.
  const auto missed = GENERATE(1U, 3U, 6U);
  troupe::actor_system here, there;
  const troupe::cluster_node first{here, {.heartbeat = 500ms, .missed = missed}};
  support::proxy between{support::port_of(first)};
  const troupe::cluster_node second{there, {.join = {between.address()}, .heartbeat = 500ms, .missed = 1000}};
  const auto watched = here.spawn<notebook>({.on = second.self()});
  auto asked = watched.ask<&notebook::never>();
  between.set(stream::up, {.timeout = true});
  const auto before = between.passed(stream::down);
  check_node_down(asked);
  const auto beats = between.passed(stream::down) - before;
  CHECK(beats >= 1);
  CHECK(beats <= 2 * missed + 3);  // and acknowledgements, and what it is told at last
}

TEST_CASE("where the network fails while a node joins, it says so in time, and may try again") {
  const auto which = GENERATE(stream::up, stream::down);
  const auto wrong = GENERATE(support::toxics{.timeout = true}, support::toxics{.limit_data = 10},
                              support::toxics{.limit_data = 10, .reset_peer = true},
                              support::toxics{.limit_data = 400}, support::toxics{.slicer = 3});
  const bool by_tls = GENERATE(false, true);
  INFO("TLS: " << by_tls << ", downwards: " << (which == stream::down) << ", timeout: " << wrong.timeout
               << ", limit_data: " << wrong.limit_data << ", slicer: " << wrong.slicer);
  const samples::folder where;
  troupe::make_certificates(where.path(), {"one", "two"});
  const auto of = [&](const char* name) { return by_tls ? (where / name).string() : std::string{}; };
  place first{{}, "", 2s, of("one")};
  support::proxy between{support::port_of(first.node)};
  between.set(which, wrong);
  troupe::actor_system system;
  const auto join = [&](std::chrono::milliseconds patience) {
    return troupe::cluster_node{
        system, {.certificates = of("two"), .join = {between.address()}, .join_timeout = patience}};
  };
  if (wrong.slicer != 0) {
    CHECK(join(10s).members().size() == 2);
    return;
  }
  CHECK_THROWS_WITH(join(500ms), Catch::Matchers::Contains("cannot be joined"));
  between.set({});
  CHECK(join(10s).members().size() == 2);
}
