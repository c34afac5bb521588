// Bounded mailboxes, and control that passes them.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <memory>
#include <signal.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// Lets an actor's handler wait until the test says so. A name in the abstract socket namespace is the one door that both
/// can find; a receiver connects, and reads until a byte comes.
class gate {
 public:
  gate() {
    listener_ = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    const sa_family_t automatic = AF_UNIX;  // the kernel chooses a name: unix(7), autobind
    ::bind(listener_, reinterpret_cast<const sockaddr*>(&automatic), sizeof automatic);
    ::listen(listener_, 5);
  }
  ~gate() {
    ::close(listener_);
    for (const int one : waiting_) ::close(one);
  }
  gate(const gate&) = delete;
  gate& operator=(const gate&) = delete;

  [[nodiscard]] std::string name() const {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    return {reinterpret_cast<const char*>(&address), size};
  }
  /// Returns when a receiver waits.
  void wait_for_one() { waiting_.push_back(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)); }
  void open() {
    for (const int one : waiting_) {
      if (::send(one, "x", 1, MSG_NOSIGNAL) != 1) std::abort();
    }
  }
  static void pass(const std::string& name) {
    const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    char byte = 0;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(name.data()), static_cast<socklen_t>(name.size())) ==
            0 &&
        ::read(fd, &byte, 1) != 1)
      std::abort();
    ::close(fd);
  }

 private:
  int listener_;
  std::vector<int> waiting_;
};

class receiver {
 public:
  void wait(const std::string& gate) { gate::pass(gate); }
  void take(int number) {
    in_order_ = in_order_ && number == count_;
    ++count_;
  }
  void take_block(int number, std::vector<char>) { take(number); }
  int count() const { return count_; }
  bool in_order() const { return in_order_; }

 private:
  int count_ = 0;
  bool in_order_ = true;
};

void wait_until_frozen(int pid) {
  REQUIRE(support::wait_until([pid] { return support::state_of(pid) == 'T'; }));
}

}  // namespace

TEST_CASE("try_tell says no where the mailbox is full, and yes once there is room", "[one_machine]") {
  troupe::actor_system system;
  gate closed;
  const auto actor = system.spawn<receiver>({.mailbox_messages = 100});
  actor.tell<&receiver::wait>(closed.name());
  closed.wait_for_one();
  int accepted = 0;
  while (accepted < 10'000 && actor.try_tell<&receiver::take>(accepted)) ++accepted;
  CHECK(accepted <= 100);
  CHECK(accepted >= 98);
  CHECK_FALSE(actor.try_tell<&receiver::take>(accepted));
  closed.open();
  REQUIRE(support::wait_until([&] { return actor.try_tell<&receiver::take>(accepted); }));
  CHECK(actor.ask<&receiver::count>().get() == accepted + 1);
  CHECK(actor.ask<&receiver::in_order>().get());
}

TEST_CASE("tell waits for room, and everything arrives in order") {
  troupe::actor_system system;
  const auto actor = system.spawn<receiver>({.mailbox_messages = 10});
  for (int i = 0; i < 20'000; ++i) actor.tell<&receiver::take>(i);
  CHECK(actor.ask<&receiver::count>().get() == 20'000);
  CHECK(actor.ask<&receiver::in_order>().get());
}

TEST_CASE("a mailbox of one message works") {
  troupe::actor_system system;
  const auto actor = system.spawn<receiver>({.mailbox_messages = 1, .mailbox_bytes = 1});
  for (int i = 0; i < 1000; ++i)
    actor.tell<&receiver::take_block>(i, std::vector<char>(i % 7 == 0 ? 100'000 : 10));
  CHECK(actor.ask<&receiver::count>().get() == 1000);
  CHECK(actor.ask<&receiver::in_order>().get());
}

TEST_CASE("what a stopped receiver has been sent stays within its bounds, and arrives when it goes on",
          "[one_machine]") {
  troupe::actor_system system;
  const auto actor = system.spawn<receiver>({.mailbox_bytes = 1 << 20});
  const int pid = actor.pid();
  REQUIRE(actor.ask<&receiver::count>().get() == 0);
  REQUIRE(::kill(pid, SIGSTOP) == 0);
  wait_until_frozen(pid);
  const std::size_t block = GENERATE(1000U, 70'000U);
  const auto host_before = support::resident_bytes_of(::getpid());
  const auto guardian = support::descendant_called("troupe-guardian", ::getpid());
  const auto guardian_before = support::resident_bytes_of(guardian);
  int accepted = 0;
  while (actor.try_tell<&receiver::take_block>(accepted, std::vector<char>(block))) ++accepted;
  CHECK(static_cast<std::size_t>(accepted) * block <= (1U << 20) + block);
  CHECK(static_cast<std::size_t>(accepted) * block >= (1U << 20) * 8 / 10);
  CHECK(support::resident_bytes_of(::getpid()) < host_before + (8U << 20));
  CHECK(support::resident_bytes_of(guardian) < guardian_before + (8U << 20));

  constexpr int more = 200;
  std::atomic<bool> done = false;
  std::thread teller{[&] {
    for (int i = 0; i < more; ++i) actor.tell<&receiver::take_block>(accepted + i, std::vector<char>(block));
    done = true;
  }};
  CHECK_FALSE(done);
  ::kill(pid, SIGCONT);
  teller.join();
  CHECK(actor.ask<&receiver::count>().get() == accepted + more);
  CHECK(actor.ask<&receiver::in_order>().get());
}

TEST_CASE("kill and terminate pass a full mailbox, and a teller that waits is told", "[one_machine]") {
  troupe::actor_system system;
  for (const int signal : {SIGKILL, SIGTERM}) {
    gate closed;
    const auto actor = system.spawn<receiver>({.mailbox_messages = 10});
    actor.tell<&receiver::wait>(closed.name());
    closed.wait_for_one();
    while (actor.try_tell<&receiver::take>(0)) {
    }
    std::thread teller{[&] { CHECK_THROWS_AS(actor.tell<&receiver::take>(0), troupe::actor_down); }};
    if (signal == SIGKILL) {
      actor.kill();
    } else {
      actor.terminate();
    }
    CHECK(actor.join().code == signal);
    teller.join();
  }
}

TEST_CASE("stop comes behind a full mailbox that this caller filled, and is not held up by it") {
  troupe::actor_system system;
  gate closed;
  const auto actor = system.spawn<receiver>({.mailbox_messages = 10});
  actor.tell<&receiver::wait>(closed.name());
  closed.wait_for_one();
  int accepted = 0;
  while (actor.try_tell<&receiver::take>(accepted)) ++accepted;
  actor.stop();
  closed.open();
  const auto status = actor.join();
  CHECK(status.ok());
  CHECK(status.messages_handled == static_cast<std::uint64_t>(accepted) + 1);
}

TEST_CASE("the system's end does not wait for a full mailbox", "[one_machine]") {
  troupe::actor_system system{{.grace = 100ms}};
  gate closed;
  const auto actor = system.spawn<receiver>({.mailbox_messages = 10});
  actor.tell<&receiver::wait>(closed.name());
  closed.wait_for_one();
  while (actor.try_tell<&receiver::take>(0)) {
  }
  std::thread teller{[&] { CHECK_THROWS_AS(actor.tell<&receiver::take>(0), troupe::error); }};
  CHECK(system.stop().killed.size() == 1);
  teller.join();
}
