// Timers of actors and functions.
#include <troupe/troupe.hpp>

#include <catch2/catch.hpp>
#include <signal.h>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using troupe::this_actor::after;
using troupe::this_actor::every;

namespace {

class clock_work {
 public:
  troupe::promise<std::string> letters() {
    after(30ms, [this] { add('c'); });
    after(10ms, [this] { add('b'); });
    after(-1s, [this] { add('a'); });
    return done_;
  }
  troupe::promise<int> ticks(int count) {
    ticking_ = every(1ms, [this, count] {
      if (++ticks_ < count) return;
      ticking_.cancel();
      after(20ms, [this] { ticked_.set_value(ticks_); });  // ticks after the cancel would show
    });
    return ticked_;
  }
  troupe::promise<bool> cancel_a_due_one() {
    const auto late = after(0s, [this] { late_ran_ = true; });
    after(-1s, [late] { late.cancel(); });  // both are due: this one first
    after(20ms, [this] { cancelled_.set_value(!late_ran_); });
    return cancelled_;
  }
  void throw_later() {
    after(1ms, [] { throw std::length_error{"out of a timer"}; });
  }
  void every_hour() {
    every(1h, [] {});
  }
  void no_period() {
    every(0s, [] {});
  }
  void die_after_two_sends(troupe::actor<clock_work> to) {
    after(1ms, [to] {
      to.tell<&clock_work::note>();
      to.tell<&clock_work::note>();
      ::raise(SIGKILL);
    });
  }
  void note() { ++notes_; }
  int notes() const { return notes_; }

 private:
  void add(char letter) {
    text_ += letter;
    if (text_.size() == 3) done_.set_value(text_);
  }
  std::string text_;
  troupe::promise<std::string> done_;
  troupe::timer ticking_;
  int ticks_ = 0;
  troupe::promise<int> ticked_;
  bool late_ran_ = false;
  troupe::promise<bool> cancelled_;
  int notes_ = 0;
};

void set_timers(const troupe::actor<clock_work>& other, int& ran) {
  after(5ms, [&] { ++ran; });
  every(1ms, [&] {
    if (++ran >= 5) other.kill();
  });
}

void function_with_timers(troupe::actor<clock_work> other) {
  int ran = 0;
  set_timers(other, ran);
  other.join();  // ended by a timer
  if (ran < 5) throw std::runtime_error{"joined before the timers ran"};
}

void function_that_asks(troupe::actor<clock_work> other) {
  int ran = 0;
  set_timers(other, ran);
  try {
    other.ask<&clock_work::ticks>(1'000'000).get();
  } catch (const troupe::actor_down&) {
    if (ran >= 5) return;
  }
  throw std::runtime_error{"the timers did not run"};
}

}  // namespace

TEST_CASE("timers run in the order in which they are due") {
  troupe::actor_system system;
  CHECK(system.spawn<clock_work>().ask<&clock_work::letters>().get() == "abc");
}

TEST_CASE("a timer ticks until it is cancelled") {
  troupe::actor_system system;
  const auto one = system.spawn<clock_work>();
  CHECK(one.ask<&clock_work::ticks>(20).get() == 20);
  CHECK(one.ask<&clock_work::cancel_a_due_one>().get());
}

TEST_CASE("an exception out of a timer ends the actor") {
  troupe::actor_system system;
  const auto one = system.spawn<clock_work>();
  one.tell<&clock_work::throw_later>();
  CHECK(one.join().exception_text == "out of a timer");
}

TEST_CASE("what a timer sends leaves together, or not at all") {
  troupe::actor_system system;
  const auto one = system.spawn<clock_work>(), to = system.spawn<clock_work>();
  one.tell<&clock_work::die_after_two_sends>(to);
  CHECK(one.join().kind == troupe::exit_kind::signal);
  CHECK(to.ask<&clock_work::notes>().get() == 0);
}

TEST_CASE("pending timers do not keep an actor from its end") {
  troupe::actor_system system;
  const auto one = system.spawn<clock_work>();
  one.tell<&clock_work::every_hour>();
  CHECK_THROWS_AS(one.ask<&clock_work::no_period>().get(), std::invalid_argument);
  one.stop();
  CHECK(one.join().ok());
}

TEST_CASE("a function's timers run while it waits") {
  troupe::actor_system system;
  CHECK(to_string(system.spawn<function_with_timers>(system.spawn<clock_work>()).join()) == "ended normally");
  CHECK(to_string(system.spawn<function_that_asks>(system.spawn<clock_work>()).join()) == "ended normally");
}

TEST_CASE("there are no timers outside of actors") {
  CHECK_THROWS_AS(after(1ms, [] {}), std::logic_error);
  CHECK_THROWS_AS(every(1ms, [] {}), std::logic_error);
  CHECK_NOTHROW(troupe::timer{}.cancel());
}
