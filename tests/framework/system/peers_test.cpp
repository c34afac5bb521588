// Actors that talk to each other, over handles that came in messages.
#include <troupe/remote.hpp>
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <optional>
#include <signal.h>
#include <string>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

class ledger {
 public:
  void note(std::string who, int number) { notes_[who].push_back(number); }
  int count(const std::string& who) { return static_cast<int>(notes_[who].size()); }
  bool in_order() const {
    for (const auto& [who, numbers] : notes_) {
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (numbers[i] != static_cast<int>(i)) return false;
      }
    }
    return true;
  }
  std::size_t descriptors() const { return support::open_descriptors().size(); }

 private:
  std::map<std::string, std::vector<int>> notes_;
};

/// Makes handles of its own.
class forger {
 public:
  /// What that actor's notes are then; or why it could not be told.
  std::string note(std::uint32_t number, std::uint64_t key) const {
    const troupe::detail::handle_form form{{number, 0, key}, "somebody"};
    const auto whom =
        troupe::detail::wire_form<troupe::actor<ledger>>::from(form, troupe::remote::local().get());
    try {
      whom.tell<&ledger::note>("forger", 0);
      return std::to_string(whom.ask<&ledger::count>("forger").get());
    } catch (const troupe::error& problem) {
      return problem.what();
    }
  }
};

void write_to(troupe::actor<ledger> into, std::string name, int count) {
  for (int i = 0; i < count; ++i) into.tell<&ledger::note>(name, i);
}

void write_and_die(troupe::actor<ledger> into, std::string name, int count) {
  for (int i = 0; i < count; ++i) into.tell<&ledger::note>(name, i);
  ::raise(SIGKILL);
}

class partner {
 public:
  void meet(troupe::actor<partner> other) { other_ = other; }
  int echo(int value) { return value + 1; }
  int ask_other(int value) { return other_->ask<&partner::echo>(value).get(); }
  void tell_other(int value) { other_->tell<&partner::hear>(value); }
  void tell_other_often(int count) {
    for (int i = 0; i < count; ++i) other_->tell<&partner::hear>(i);
  }
  void hear(int value) { heard_ += value; }
  long heard() const { return heard_; }
  void stop_other() { other_->stop(); }
  int join_other() {
    other_->stop();
    return other_->join().code;
  }
  troupe::actor<partner> myself() { return troupe::this_actor::self<partner>(); }
  troupe::actor<partner> child() { return troupe::this_actor::system().spawn<partner>(); }

 private:
  std::optional<troupe::actor<partner>> other_;
  long heard_ = 0;
};

}  // namespace

TEST_CASE("messages from each of many senders are handled in the order sent") {
  troupe::actor_system system;
  const auto book = system.spawn<ledger>();
  std::vector<troupe::process> writers;
  for (const std::string name : {"a", "b", "c"})
    writers.push_back(system.spawn<write_to>(book, name, 20'000));
  for (int i = 0; i < 20'000; ++i) book.tell<&ledger::note>("host", i);
  for (const auto& writer : writers) REQUIRE(writer.join().ok());
  // What they sent was accepted when they ended, but not handled: look until it has been.
  REQUIRE(support::wait_until([&] {
    return book.ask<&ledger::count>("a").get() == 20'000 && book.ask<&ledger::count>("b").get() == 20'000 &&
           book.ask<&ledger::count>("c").get() == 20'000;
  }));
  CHECK(book.ask<&ledger::count>("host").get() == 20'000);
  CHECK(book.ask<&ledger::in_order>().get());
}

TEST_CASE("what was accepted from a sender arrives although it was killed right after") {
  troupe::actor_system system;
  const auto book = system.spawn<ledger>();
  for (int round = 0; round < 30; ++round) {
    const auto name = std::to_string(round);
    const int count = round * 100;
    const auto writer = system.spawn<write_and_die>(book, name, count);
    CHECK(writer.join().code == SIGKILL);
    REQUIRE(support::wait_until([&] { return book.ask<&ledger::count>(name).get() == count; }));
  }
  CHECK(book.ask<&ledger::in_order>().get());
}

TEST_CASE("a handle in a message can be asked") {
  troupe::actor_system system;
  const auto one = system.spawn<partner>();
  const auto two = system.spawn<partner>();
  one.tell<&partner::meet>(two);
  CHECK(one.ask<&partner::ask_other>(41).get() == 42);
}

TEST_CASE("an actor's handle to itself works in others' hands") {
  troupe::actor_system system;
  const auto one = system.spawn<partner>();
  const auto mirrored = one.ask<&partner::myself>().get();
  CHECK(mirrored == one);
  CHECK(mirrored.ask<&partner::echo>(1).get() == 2);
  const auto two = system.spawn<partner>();
  two.tell<&partner::meet>(mirrored);
  CHECK(two.ask<&partner::ask_other>(1).get() == 2);
}

TEST_CASE("an actor tells itself") {
  troupe::actor_system system;
  const auto one = system.spawn<partner>();
  one.tell<&partner::meet>(one);
  for (int i = 0; i < 100; ++i) one.tell<&partner::tell_other>(1);
  REQUIRE(support::wait_until([&] { return one.ask<&partner::heard>().get() == 100; }));
  one.stop();
  CHECK(one.join().ok());
}

TEST_CASE("an actor tells itself more than its mailbox holds") {
  troupe::actor_system system;
  const auto one = system.spawn<partner>({.mailbox_messages = 10});
  one.tell<&partner::meet>(one);
  one.tell<&partner::tell_other_often>(1000);
  REQUIRE(support::wait_until([&] { return one.ask<&partner::heard>().get() == 499'500; }));
}

TEST_CASE(
    "two actors that connect to each other at once both get through, and both can be stopped by the other") {
  troupe::actor_system system;
  for (int round = 0; round < 20; ++round) {
    const auto one = system.spawn<partner>();
    const auto two = system.spawn<partner>();
    one.tell<&partner::meet>(two);
    two.tell<&partner::meet>(one);
    one.tell<&partner::tell_other>(1);
    two.tell<&partner::tell_other>(2);
    REQUIRE(support::wait_until([&] { return one.ask<&partner::heard>().get() == 2; }));
    REQUIRE(support::wait_until([&] { return two.ask<&partner::heard>().get() == 1; }));
    CHECK(one.ask<&partner::ask_other>(round).get() == round + 1);
    CHECK(two.ask<&partner::ask_other>(round).get() == round + 1);
    one.tell<&partner::tell_other>(3);
    one.tell<&partner::stop_other>();
    CHECK(two.join().ok());
    CHECK(one.ask<&partner::echo>(1).get() == 2);
  }
}

TEST_CASE("an actor stops another whose last word from it was an answer") {
  troupe::actor_system system;
  const auto one = system.spawn<partner>();
  const auto two = system.spawn<partner>();
  one.tell<&partner::meet>(two);
  two.tell<&partner::meet>(one);
  CHECK(two.ask<&partner::ask_other>(1).get() == 2);
  one.tell<&partner::stop_other>();
  CHECK(two.join().ok());
}

TEST_CASE("an actor joins another") {
  troupe::actor_system system;
  const auto one = system.spawn<partner>();
  const auto two = system.spawn<partner>();
  one.tell<&partner::meet>(two);
  CHECK(one.ask<&partner::join_other>().get() == 0);
  CHECK(one.ask<&partner::echo>(1).get() == 2);
}

TEST_CASE("an actor that serves many short-lived ones keeps nothing of them") {
  troupe::actor_system system;
  const auto book = system.spawn<ledger>();
  CHECK(system.spawn<write_to>(book, "first", 1).join().ok());
  REQUIRE(support::wait_until([&] { return book.ask<&ledger::count>("first").get() == 1; }));
  const auto before = book.ask<&ledger::descriptors>().get();
  for (int i = 0; i < 200; ++i) {
    const auto name = std::to_string(i);
    REQUIRE(system.spawn<write_to>(book, name, 1).join().ok());
    REQUIRE(support::wait_until([&] { return book.ask<&ledger::count>(name).get() == 1; }));
  }
  CHECK(support::wait_until([&] { return book.ask<&ledger::descriptors>().get() <= before + 2; }, 5s));
}

TEST_CASE("an actor is reached by who has its handle, and not by who knows its number", "[one_machine]") {
  troupe::actor_system system;
  const auto whom = system.spawn<ledger>();
  const auto form = troupe::detail::wire_form<troupe::actor<ledger>>::to(whom);
  const auto stranger = system.spawn<forger>();
  for (const std::uint64_t key : {std::uint64_t{0}, form.ref.key + 1, ~form.ref.key}) {
    CHECK(stranger.ask<&forger::note>(form.ref.id, key).get() != "1");
    CHECK(whom.ask<&ledger::count>("forger").get() == 0);
  }
  CHECK(stranger.ask<&forger::note>(form.ref.id, form.ref.key).get() == "1");
  CHECK(stranger.is_alive());
}
