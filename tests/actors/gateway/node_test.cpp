// Actors on other nodes: systems of this process, each with a gateway of its own.
#include <troupe/node.hpp>
#include <troupe/troupe.hpp>

#include "framework/system/gate.hpp"
#include "node_frames.hpp"
#include "node_links.hpp"
#include "node_session.hpp"
#include "place.hpp"
#include "proxy.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <random>
#include <signal.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

using support::place;
constexpr auto soon = 60s;

class counter {
 public:
  explicit counter(int start) : total_{start} {
    if (start < 0) throw std::invalid_argument{"a negative start"};
  }
  void add(int n) { total_ += n; }
  int total() const { return total_; }
  void note(int n) { notes_.push_back(n); }
  std::vector<int> notes() const { return notes_; }
  std::size_t length(const std::string& text) const { return text.size(); }
  std::string repeat(const std::string& text, int times) const {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  }
  void fail() const { throw std::out_of_range{"no such thing"}; }
  void die() { ::raise(SIGKILL); }
  troupe::promise<int> never() {
    waiting_.emplace_back();
    return waiting_.back();
  }
  void answer_all(int n) {
    for (auto& each : std::exchange(waiting_, {})) each.set_value(n);
  }
  int processor() const { return ::getppid(); }

 private:
  int total_;
  std::vector<int> notes_;
  std::vector<troupe::promise<int>> waiting_;
};

/// Has handles that it was given, and gives some.
class friendly {
 public:
  void meet(const troupe::actor<counter>& who) { friend_ = who; }
  int ask_friend(int more) {
    friend_.tell<&counter::add>(more);
    return friend_.ask<&counter::total>().get();
  }
  void tell_friend_many(int count) {
    for (int i = 0; i < count; ++i) friend_.tell<&counter::note>(i);
  }
  troupe::actor<counter> whom() const { return friend_; }
  troupe::actor<counter> make_one(int start) { return troupe::this_actor::system().spawn<counter>(start); }
  troupe::actor<friendly> self() const { return troupe::this_actor::self<friendly>(); }
  void send_to(const troupe::port<int>& where, int count) {
    for (int i = 0; i < count; ++i) where.tell(i);
  }

 private:
  troupe::actor<counter> friend_;
};

class speaker;
/// Counts what another one says until its end.
class witness {
 public:
  /// Of so many questions to one that has told this actor something, how many were answered.
  int ask_often(const troupe::actor<speaker>& whom, int times, std::size_t size) const;
  void watch(const troupe::process& whom) {
    whom.on_down([this](const troupe::exit_status&) { at_end_.set_value(heard_); });
  }
  void wait_for(const troupe::actor<tests::gate>& closed) { closed.ask<&tests::gate::enter>(1).get(); }
  void join(const troupe::process& whom) const { whom.join(); }
  void hear(int) { ++heard_; }
  int heard() const { return heard_; }
  troupe::promise<int> heard_before_the_end() const { return at_end_; }

 private:
  int heard_ = 0;
  troupe::promise<int> at_end_;
};
class speaker {
 public:
  void say(const troupe::actor<witness>& whom, int times) {
    for (int i = 0; i < times; ++i) whom.tell<&witness::hear>(i);
  }
  std::string text(std::size_t size) const { return std::string(size, 'x'); }
};
int witness::ask_often(const troupe::actor<speaker>& whom, int times, std::size_t size) const {
  whom.ask<&speaker::say>(troupe::this_actor::self<witness>(), 1).get();
  for (int asked = 0; asked < times; ++asked) {
    try {
      if (whom.ask<&speaker::text>(size).get().size() != size) return -1;
    } catch (const troupe::would_deadlock&) {
      return asked;
    }
  }
  return times;
}

/// Speaks as a gateway does, and says what it likes.
class stranger {
 public:
  /// What it is answered by the node at that port.
  std::string greet(std::uint16_t port, const std::vector<std::string>& members) {
    start();
    const auto link = connect(port);
    out_->send(link, hello(7, members));
    return next();
  }
  /// Introduces itself as one node after the other, by a connection each. Each says something with some bytes changed, then what
  /// no node says, and hears the end of its connection. Returns how many have been answered.
  int babble(std::uint16_t port, int times) {
    std::mt19937 random{1};
    start();
    int answered = 0;
    while (answered < times) {
      const auto link = connect(port);
      out_->send(link, hello(static_cast<std::uint32_t>(1000 + answered), {}));
      out_->send(link, changed(honest(random), random));
      out_->send(link, "the end");
      std::unique_lock lock{mutex_};
      if (!changed_.wait_for(lock, soon, [&] { return ended_ == link; })) return answered;
      if (!answers_.empty()) ++answered;  // else the connection was the last one still
      answers_.clear();
    }
    return answered;
  }

 private:
  std::uint64_t connect(std::uint16_t port) {
    auto connected = std::make_shared<std::promise<std::uint64_t>>();
    {
      const std::lock_guard lock{mutex_};
      connected_ = connected;
    }
    out_->connect(1, "127.0.0.1", port);
    return connected->get_future().get();
  }
  void start() {
    troupe::detail::links::listener to;
    to.connected = [this](std::uint64_t, std::uint64_t link) {
      const std::lock_guard lock{mutex_};
      connected_->set_value(link);
    };
    to.received = [this](std::uint64_t, std::string&& message) {
      const std::lock_guard lock{mutex_};
      answers_.push_back(std::move(message));
      changed_.notify_all();
    };
    to.ended = [this](std::uint64_t link, const std::string&) {
      const std::lock_guard lock{mutex_};
      ended_ = link;
      changed_.notify_all();
    };
    to.failed = [this](std::uint64_t, const std::string& why) {
      const std::lock_guard lock{mutex_};
      connected_->set_exception(std::make_exception_ptr(std::runtime_error{why}));
    };
    out_ = std::make_unique<troupe::detail::links>(std::move(to));
  }
  /// Nothing where none comes in that time.
  std::string next(std::chrono::milliseconds patience = soon) {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, patience, [this] { return !answers_.empty(); })) return {};
    auto first = std::move(answers_.front());
    answers_.pop_front();
    return first;
  }

  static std::string hello(std::uint32_t number, const std::vector<std::string>& members) {
    using namespace troupe::detail;
    greeting who;
    who.build = troupe::remote::build_id();
    who.number = number;
    who.members = members;
    auto message = message_of(message_kind::hello, greeting_start{});
    const auto rest = troupe::pack(who);
    return message.append(reinterpret_cast<const char*>(rest.data()), rest.size());
  }
  /// A batch of one frame of any kind, or a pulse.
  static std::string honest(std::mt19937& random) {
    using namespace troupe::detail;
    if (random() % 8 == 0) return message_of(message_kind::pulse, pulse{});
    frame_head head;
    head.kind = static_cast<frame_kind>(1 + random() % 13);
    head.id = static_cast<std::uint32_t>(random() % 6);
    head.key = random();
    head.call = random() % 4;
    head.length = static_cast<std::uint32_t>(random() % 40);
    head.copies = static_cast<std::uint8_t>(random() % 4 == 0 ? random() % 20 : 0);
    auto message = message_of(message_kind::batch, batch_head{1, 0});
    const auto packed = troupe::pack(head);
    message.append(reinterpret_cast<const char*>(packed.data()), packed.size());
    for (std::uint32_t i = 0; i < head.length; ++i) message += static_cast<char>(random());
    return message;
  }
  static std::string changed(std::string message, std::mt19937& random) {
    for (auto left = random() % 4; left > 0; --left) {
      const auto at = random() % message.size();
      if (random() % 4 == 0) message.resize(at + 1);
      message[at] = static_cast<char>(random());
    }
    return message;
  }

  std::unique_ptr<troupe::detail::links> out_;
  std::shared_ptr<std::promise<std::uint64_t>> connected_;
  std::uint64_t ended_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> answers_;
};

std::vector<int> up_to(int count) {
  std::vector<int> all;
  for (int i = 0; i < count; ++i) all.push_back(i);
  return all;
}

bool is_down(const troupe::cluster_node& by, const troupe::peer& which) {
  return support::wait_until([&] {
    for (const auto& each : by.members()) {
      if (each.who == which && each.is == troupe::node_status::state::down) return true;
    }
    return false;
  });
}

}  // namespace

TEST_CASE("an actor on another node is told and asked, and belongs to that node's system") {
  place first, second{{first.node.address()}};
  auto there = first.system.spawn<counter>({.name = "far away", .on = second.node.self()}, 5);
  CHECK(there.name() == "far away");
  there.tell<&counter::add>(7);
  CHECK(there.ask<&counter::total>().get(soon) == 12);
  bool found = false;
  for (const auto& each : second.system.actors())
    found = found || (each.name == "far away" && each.pid == there.pid());
  CHECK(found);
  CHECK(there.is_alive());
}

TEST_CASE("a message of any size comes there and back") {
  place first, second{{first.node.address()}};
  auto there = first.system.spawn<counter>({.on = second.node.self()}, 0);
  CHECK(there.ask<&counter::length>(std::string(20'000'000, 'x')).get(soon) == 20'000'000);
  CHECK(there.ask<&counter::repeat>(std::string(1000, 'y'), 9000).get(soon).size() == 9'000'000);
}

TEST_CASE("messages from one process to one actor arrive once and in order") {
  place first, second{{first.node.address()}};
  auto there = first.system.spawn<counter>({.on = second.node.self()}, 0);
  for (int i = 0; i < 50'000; ++i) there.tell<&counter::note>(i);
  CHECK(there.ask<&counter::notes>().get(soon) == up_to(50'000));
}

TEST_CASE("an actor on another node is given handles, of its node, of others and of a third, and uses them") {
  place first, second{{first.node.address()}}, third{{second.node.address()}};
  auto here = first.system.spawn<counter>(100);
  auto far = first.system.spawn<friendly>({.on = second.node.self()});
  auto third_one = first.system.spawn<counter>({.on = third.node.self()}, 1000);
  auto beside = first.system.spawn<counter>({.on = second.node.self()}, 10);

  far.tell<&friendly::meet>(here);
  CHECK(far.ask<&friendly::ask_friend>(1).get(soon) == 101);
  CHECK(far.ask<&friendly::whom>().get(soon) == here);
  CHECK(far.ask<&friendly::whom>().get(soon).ask<&counter::total>().get(soon) == 101);

  far.tell<&friendly::meet>(third_one);
  CHECK(far.ask<&friendly::ask_friend>(1).get(soon) == 1001);
  CHECK(far.ask<&friendly::whom>().get(soon) == third_one);

  far.tell<&friendly::meet>(beside);
  CHECK(far.ask<&friendly::ask_friend>(1).get(soon) == 11);
  CHECK(beside.ask<&counter::total>().get(soon) == 11);

  auto made = far.ask<&friendly::make_one>(7).get(soon);
  CHECK(made.ask<&counter::total>().get(soon) == 7);
  CHECK(far.ask<&friendly::self>().get(soon) == far);
}

TEST_CASE("a port leads to an actor on another node, and from there to one here") {
  place first, second{{first.node.address()}};
  auto here = first.system.spawn<counter>(0);
  auto far = first.system.spawn<friendly>({.on = second.node.self()});
  far.tell<&friendly::send_to>(here.port<&counter::note>(), 3000);
  (void)far.ask<&friendly::self>().get(soon);
  CHECK(support::wait_until([&] { return here.ask<&counter::notes>().get(soon).size() == 3000; }));
  CHECK(here.ask<&counter::notes>().get(soon) == up_to(3000));
}

TEST_CASE("what goes wrong there is heard here as if it were here") {
  place first, second{{first.node.address()}};
  auto there = first.system.spawn<counter>({.on = second.node.self()}, 0);
  CHECK_THROWS_AS(there.ask<&counter::fail>().get(soon), std::out_of_range);
  CHECK(there.ask<&counter::total>().get(soon) == 0);

  auto asked = there.ask<&counter::never>();
  std::promise<troupe::exit_status> told;
  there.on_down([&](const troupe::exit_status& how) { told.set_value(how); });
  CHECK_THROWS_AS(asked.get(10ms), troupe::timeout);
  there.tell<&counter::die>();
  try {
    (void)asked.get(soon);
    FAIL("an answer came");
  } catch (const troupe::actor_down& down) {
    CHECK(down.status().code == SIGKILL);
  }
  CHECK(there.join().code == SIGKILL);
  CHECK(told.get_future().get().code == SIGKILL);
  CHECK_FALSE(there.is_alive());
  CHECK_THROWS_AS(there.tell<&counter::add>(1), troupe::actor_down);

  auto never = first.system.spawn<counter>({.on = second.node.self()}, -1);
  CHECK(never.join().exception_text == "a negative start");
}

TEST_CASE("an actor on another node is stopped after what it was told, and killed at once") {
  place first, second{{first.node.address()}};
  auto there = first.system.spawn<counter>({.on = second.node.self()}, 0);
  auto here = first.system.spawn<counter>(0);
  auto far = first.system.spawn<friendly>({.on = second.node.self()});
  far.tell<&friendly::meet>(here);
  far.tell<&friendly::tell_friend_many>(100);
  far.stop();
  CHECK(far.join().ok());
  CHECK(support::wait_until([&] { return here.ask<&counter::notes>().get(soon).size() == 100; }));
  there.kill();
  CHECK(there.join().code == SIGKILL);
}

TEST_CASE("an answer that is given up does not come, and can be followed where it does") {
  place first, second{{first.node.address()}};
  auto there = first.system.spawn<counter>({.on = second.node.self()}, 3);
  auto asked = there.ask<&counter::never>();
  asked.cancel();
  CHECK_THROWS_AS(asked.get(soon), troupe::cancelled);
  std::promise<int> followed;
  there.ask<&counter::total>().then([&](troupe::future<int> answer) { followed.set_value(answer.get()); });
  CHECK(followed.get_future().get() == 3);
}

TEST_CASE("an end is told behind what came before it, where the mailbox has no room for that") {
  place first, second{{first.node.address()}};
  const auto closed = first.system.spawn<tests::gate>();
  auto slow = first.system.spawn<witness>({.mailbox_messages = 4});
  auto there = first.system.spawn<speaker>({.on = second.node.self()});
  // The first word between those two is the gateway's: so it is that mailbox's bound that counts.
  there.ask<&speaker::say>(slow, 1).get(soon);
  REQUIRE(support::wait_until([&] { return slow.ask<&witness::heard>().get(soon) == 1; }));
  slow.ask<&witness::watch>(there).get(soon);
  slow.tell<&witness::wait_for>(closed);
  REQUIRE(support::wait_until([&] { return closed.ask<&tests::gate::waiting>().get(soon) == 1; }));
  there.ask<&speaker::say>(slow, 2000).get(soon);
  SECTION("an actor's") {
    there.stop();
    CHECK(there.join().ok());
  }
  SECTION("a node's") {
    REQUIRE(::kill(support::parent_of(second.gateway()), SIGKILL) == 0);
    CHECK(there.join().kind == troupe::exit_kind::node_down);
  }
  closed.tell<&tests::gate::open>(1);
  CHECK(slow.ask<&witness::heard_before_the_end>().get(soon) == 2001);
}

TEST_CASE("who waits for an end in a handler hears of it, whatever waits for room in his mailbox") {
  place first, second{{first.node.address()}};
  auto waits = first.system.spawn<witness>({.mailbox_messages = 4});
  auto there = first.system.spawn<speaker>({.on = second.node.self()});
  there.ask<&speaker::say>(waits, 1).get(soon);
  const auto at_end = waits.ask<&witness::join>(there);
  REQUIRE(support::wait_until([&] { return at_end.running(); }));
  there.ask<&speaker::say>(waits, 2000).get(soon);
  there.stop();
  CHECK(at_end.wait_for(soon));
  CHECK(support::wait_until([&] { return waits.ask<&witness::heard>().get(soon) == 2001; }));
}

TEST_CASE(
    "a handler that takes more answers from other nodes than its mailbox holds is told, and does not wait "
    "for ever") {
  place first, second{{first.node.address()}};
  const auto asks = first.system.spawn<witness>();
  const auto there = first.system.spawn<speaker>({.on = second.node.self()});
  CHECK(asks.ask<&witness::ask_often>(there, 1000, std::size_t{1}).get(soon) == 1000);
  const auto answered = asks.ask<&witness::ask_often>(there, 60, std::size_t{40} << 10).get(soon);
  CHECK(answered > 0);
  CHECK(answered < 60);
  CHECK(asks.ask<&witness::heard>().get(soon) == 2);
}

TEST_CASE("a full mailbox there makes its senders here wait, and nobody else") {
  place first, second{{first.node.address()}};
  auto there = first.system.spawn<counter>({.on = second.node.self()}, 0);
  auto beside = first.system.spawn<counter>({.on = second.node.self()}, 0);
  (void)there.ask<&counter::total>().get(soon);
  there.pause();
  int sent = 0;
  int refused = 0;
  // Marks are on their way: a bound that is reached for a moment is not the bound.
  while (refused < 200 && sent < 200'000) {
    if (there.try_tell<&counter::note>(sent)) {
      ++sent;
      refused = 0;
    } else {
      ++refused;
      CHECK(beside.ask<&counter::total>().get(soon) == 0);
    }
  }
  CHECK(sent > 1000);
  CHECK(sent < 200'000);
  std::thread waits{[&] { there.tell<&counter::note>(sent); }};
  there.resume();
  waits.join();
  CHECK(there.ask<&counter::notes>().get(soon) == up_to(sent + 1));
}

TEST_CASE("a sentinel does not leave the machine, and it is said") {
  place first, second{{first.node.address()}};
  auto there = first.system.spawn<counter>({.on = second.node.self()}, 0);
  CHECK_THROWS_AS(there.sentinel(), std::logic_error);
}

TEST_CASE("anywhere is where the fewest actors are") {
  place first, second{{first.node.address()}};
  for (int i = 0; i < 3; ++i) first.system.spawn<counter>(i);
  REQUIRE(support::wait_until([&] { return first.node.members().front().actors >= 4; }));
  auto one = first.system.spawn<counter>({.on = troupe::anywhere}, 9);
  CHECK(one.ask<&counter::total>().get(soon) == 9);
}

// --- Nodes that end -------------------------------------------------------------------------------------------------------

TEST_CASE(
    "a gateway that is killed takes its node away: every ask ends, and every watcher is told of which node") {
  place first;
  auto second = std::make_unique<place>(std::vector{first.node.address()}, "doomed");
  const auto gone = second->node.self();
  auto there = first.system.spawn<counter>({.on = gone}, 0);
  auto asked = there.ask<&counter::never>();
  std::promise<troupe::exit_status> told;
  there.on_down([&](const troupe::exit_status& how) { told.set_value(how); });
  REQUIRE(::kill(second->gateway(), SIGKILL) == 0);
  try {
    (void)asked.get(soon);
    FAIL("an answer came");
  } catch (const troupe::actor_down& down) {
    CHECK(down.status().kind == troupe::exit_kind::node_down);
    CHECK_THAT(down.what(), Catch::Matchers::Contains("doomed"));
  }
  CHECK(there.join().kind == troupe::exit_kind::node_down);
  CHECK(told.get_future().get().kind == troupe::exit_kind::node_down);
  CHECK_THROWS_AS(there.tell<&counter::add>(1), troupe::actor_down);
  CHECK_THROWS_AS(first.system.spawn<counter>({.on = gone}, 0), troupe::actor_down);
}

TEST_CASE("a system that is killed as a whole is a node that is down, and others go on") {
  place first, third{{first.node.address()}};
  auto second = std::make_unique<place>(std::vector{first.node.address()});
  auto there = first.system.spawn<counter>({.on = second->node.self()}, 0);
  auto other = first.system.spawn<counter>({.on = third.node.self()}, 4);
  const auto guardian = support::parent_of(second->gateway());
  REQUIRE(::kill(guardian, SIGKILL) == 0);
  CHECK(there.join().kind == troupe::exit_kind::node_down);
  CHECK(other.ask<&counter::total>().get(soon) == 4);
}

TEST_CASE("a node that is silent is given up, and not listened to when it speaks again") {
  place first, second{{first.node.address()}};
  auto there = first.system.spawn<counter>({.on = second.node.self()}, 0);
  auto back = second.system.spawn<counter>({.on = first.node.self()}, 0);
  const auto gateway = second.gateway();
  REQUIRE(::kill(gateway, SIGSTOP) == 0);
  CHECK(there.join().kind == troupe::exit_kind::node_down);
  REQUIRE(::kill(gateway, SIGCONT) == 0);
  CHECK(back.join().kind == troupe::exit_kind::node_down);
  CHECK(is_down(second.node, first.node.self()));
}

TEST_CASE("a node that leaves is down at once") {
  place first{{}, "", 20s};
  auto second = std::make_unique<place>(std::vector{first.node.address()}, "", 20s);
  auto there = first.system.spawn<counter>({.on = second->node.self()}, 0);
  second.reset();
  CHECK(there.join().kind == troupe::exit_kind::node_down);
}

TEST_CASE("what was started from a node ends with it") {
  place first;
  auto second = std::make_unique<place>(std::vector{first.node.address()});
  second->system.spawn<counter>({.name = "owned", .on = first.node.self()}, 0);
  const auto is_there = [&] {
    for (const auto& each : first.system.actors()) {
      if (each.name == "owned") return true;
    }
    return false;
  };
  CHECK(is_there());
  second.reset();
  CHECK(support::wait_until([&] { return !is_there(); }));
}

TEST_CASE("over a connection that is cut and made again nothing is lost, repeated or out of order") {
  place first{{}, "", 5s};
  support::proxy between{support::port_of(first.node)};
  place second{{between.address()}, "", 5s};
  auto there = first.system.spawn<counter>({.on = second.node.self()}, 0);
  auto back = second.system.spawn<counter>({.on = first.node.self()}, 0);
  constexpr int count = 20'000;
  std::thread from_second{[&] {
    for (int i = 0; i < count; ++i) back.tell<&counter::note>(i);
  }};
  for (int i = 0; i < count; ++i) {
    there.tell<&counter::note>(i);
    if (i % 5000 != 2500) continue;
    between.cut();
    (void)there.ask<&counter::total>().get(soon);  // by another connection
  }
  from_second.join();
  CHECK(there.ask<&counter::notes>().get(soon) == up_to(count));
  CHECK(back.ask<&counter::notes>().get(soon) == up_to(count));
  CHECK(between.connections() > 1);
}

// --- Joining --------------------------------------------------------------------------------------------------------------

TEST_CASE("nodes know of all others that those know of which they join") {
  place first{{}, "one"}, second{{first.node.address()}, "two"}, third{{second.node.address()}, "three"};
  for (const auto* each : {&first, &second, &third}) {
    CHECK(support::wait_until([&] { return each->node.find("one") || each == &first; }));
    CHECK(support::wait_until([&] { return each->node.find("two") || each == &second; }));
    CHECK(support::wait_until([&] { return each->node.find("three") || each == &third; }));
    CHECK(each->node.members().size() == 3);
  }
  CHECK(first.node.find("three")->address == third.node.address());
  CHECK(support::wait_until([&] { return first.node.members().back().round_trip > 0ns; }));
}

TEST_CASE("a node that cannot be made says why") {
  troupe::actor_system system;
  const auto why = [&](troupe::cluster_node_options options) {
    try {
      troupe::cluster_node{system, std::move(options)};
    } catch (const troupe::start_failed& problem) {
      return std::string{problem.what()};
    }
    return std::string{"it was made"};
  };
  using Catch::Matchers::Contains;
  CHECK_THAT(why({.listen = "0.0.0.0:0"}), Contains("loopback") && Contains("certificates --out"));
  CHECK_THAT(why({.listen = "nonsense"}), Contains("HOST:PORT"));
  CHECK_THAT(why({.listen = "127.0.0.1:99999"}), Contains("HOST:PORT"));
  CHECK_THAT(why({.join = {"10.1.2.3:7000"}}), Contains("loopback"));
  CHECK_THAT(why({.join = {"127.0.0.1:1"}}), Contains("cannot be joined"));
  place first;
  CHECK_THAT(why({.listen = first.node.address()}), Contains(first.node.address()));
  troupe::cluster_node one{system};
  CHECK_THAT(why({}), Contains("a node already"));
}

TEST_CASE("a node of another build is refused, and both ends say so") {
  using Catch::Matchers::Contains;
  support::program other{OTHER_PROGRAM_PATH, {}};
  const auto address = other.line();
  REQUIRE(address);
  troupe::actor_system system;
  CHECK_THROWS_WITH((troupe::cluster_node{system, {.join = {*address}}}),
                    Contains("the programs differ") && Contains("build"));
  other.close_input();
  CHECK(other.wait().code == 0);
  CHECK_THAT(other.errors(), Contains("the programs differ"));
}

TEST_CASE("where nobody speaks as a node does, joining ends in time") {
  const int silent = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  REQUIRE(::bind(silent, reinterpret_cast<sockaddr*>(&where), size) == 0);
  REQUIRE(::listen(silent, 4) == 0);
  REQUIRE(::getsockname(silent, reinterpret_cast<sockaddr*>(&where), &size) == 0);
  const auto address = "127.0.0.1:" + std::to_string(ntohs(where.sin_port));
  troupe::actor_system system;
  CHECK_THROWS_WITH(
      (troupe::cluster_node{system, {.join = {address}, .heartbeat = 100ms, .join_timeout = 500ms}}),
      Catch::Matchers::Contains("nobody answers"));
  ::close(silent);
}

TEST_CASE("a node that is sent nonsense goes on") {
  place first, second{{first.node.address()}};
  auto there = second.system.spawn<counter>({.on = first.node.self()}, 6);
  for (const std::string& nonsense : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(5000, '\xff')}) {
    const int stranger = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    where.sin_port = htons(support::port_of(first.node));
    REQUIRE(::connect(stranger, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0);
    CHECK(::send(stranger, nonsense.data(), nonsense.size(), MSG_NOSIGNAL) > 0);
    ::close(stranger);
    CHECK(there.ask<&counter::total>().get(soon) == 6);
  }
}

TEST_CASE("a node with the name of another that is up does not join it, and may when that is gone") {
  place first{{}, "one"};
  auto second = std::make_unique<place>(std::vector{first.node.address()}, "two");
  troupe::actor_system system;
  const auto join_as = [&](const char* name) {
    return troupe::cluster_node{system, {.join = {first.node.address()}, .name = name}};
  };
  for (const auto* const there : {&first, second.get()}) {
    const auto& who = there->node.self();
    CHECK_THROWS_WITH(
        join_as(who.name.c_str()),
        Catch::Matchers::Contains("a node named " + who.name + " is there already, at " + who.address +
                                  ": give one of them another (cluster_node_options::name"));
  }
  CHECK(first.node.members().size() == 2);
  second.reset();
  CHECK(join_as("two").members().size() == 2);
}

TEST_CASE("a node waits for so many answers of another at once, and whoever asks for more is told so") {
  place first, second{{first.node.address()}};
  const auto there = first.system.spawn<counter>({.on = second.node.self()}, 0);
  std::vector<troupe::future<int>> asked(std::size_t{1} << 18);
  for (auto& each : asked) each = there.ask<&counter::never>();
  CHECK_THROWS_WITH(
      there.ask<&counter::total>().get(soon),
      Catch::Matchers::Contains("node " + first.node.address() + " waits for 262144 answers of node " +
                                second.node.address() + " already"));
  there.tell<&counter::answer_all>(7);
  for (auto& each : asked) REQUIRE(each.get(soon) == 7);
  CHECK(there.ask<&counter::total>().get(soon) == 0);
}

TEST_CASE("a node that names others which cannot be is refused") {
  place first;
  const auto port = support::port_of(first.node);
  troupe::actor_system elsewhere;
  auto liar = elsewhere.spawn<stranger>();
  using Catch::Matchers::Contains;
  CHECK_THAT(liar.ask<&stranger::greet>(port, std::vector<std::string>{"nonsense"}).get(soon),
             Contains("it broke the protocol") && Contains("'nonsense' is no address"));
  const std::vector<std::string> many(2000, "127.0.0.1:1");
  CHECK_THAT(liar.ask<&stranger::greet>(port, many).get(soon), Contains("more nodes than there can be"));
  CHECK(first.node.members().size() == 1);
}

TEST_CASE("nodes that send nonsense are given up, and nobody's actors suffer") {
  place first, second{{first.node.address()}};
  auto there = second.system.spawn<counter>({.on = first.node.self()}, 6);
  troupe::actor_system elsewhere;
  auto liar = elsewhere.spawn<stranger>();
  const auto gateway = first.gateway();
  // More than there can be nodes.
  CHECK(liar.ask<&stranger::babble>(support::port_of(first.node), 1500).get(soon) == 1500);
  CHECK(there.ask<&counter::total>().get(soon) == 6);
  CHECK(first.gateway() == gateway);
  CHECK(first.node.members().size() <= 1025);
}

TEST_CASE("a handle of another node is refused where there is no gateway") {
  troupe::actor_system alone;
  CHECK_THROWS_WITH(alone.spawn<counter>({.on = troupe::placement{17}}, 0),
                    Catch::Matchers::Contains("no node"));
}
