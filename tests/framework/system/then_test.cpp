// Answers that call back: in the host, in actors, in functions.
#include <troupe/troupe.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

class server {
 public:
  int same(int value) const { return value; }
  troupe::promise<int> never() {
    waiting_.emplace_back();
    return waiting_.back();
  }
  void fail() const { throw std::out_of_range{"no answer"}; }
  void die() { ::raise(SIGKILL); }
  void note(int value) { notes_.push_back(value); }
  std::vector<int> notes() const { return notes_; }

 private:
  std::vector<troupe::promise<int>> waiting_;
  std::vector<int> notes_;
};

/// Goes on with answers between its messages.
class relay {
 public:
  explicit relay(troupe::actor<server> to) : to_{std::move(to)} {}

  void start(int count) {
    for (int i = 0; i < count; ++i) {
      to_.ask<&server::same>(i).then([this](troupe::future<int> answer) {
        sum_ += answer.get();
        ++came_;
        if (in_a_handler_) overlapped_ = true;
      });
    }
    in_a_handler_ = true;
    to_.ask<&server::same>(0).get();  // takes the answers in, but runs nothing
    in_a_handler_ = false;
  }
  std::vector<int> state() const { return {came_, sum_, overlapped_ ? 1 : 0}; }

  void two_notes_and_death() {
    to_.ask<&server::same>(1).then([this](troupe::future<int>) {
      to_.tell<&server::note>(1);
      to_.tell<&server::note>(2);
      ::raise(SIGKILL);
    });
  }
  void two_notes() {
    to_.ask<&server::same>(1).then([this](troupe::future<int>) {
      to_.tell<&server::note>(1);
      to_.tell<&server::note>(2);
    });
  }
  void exception_in_callback() {
    to_.ask<&server::same>(1).then([](troupe::future<int>) { throw std::length_error{"out of a callback"}; });
  }
  troupe::promise<std::string> fate_of_call() {
    troupe::promise<std::string> answer;
    to_.ask<&server::never>().then([answer](troupe::future<int> ended) {
      try {
        answer.set_value("value " + std::to_string(ended.get()));
      } catch (const troupe::actor_down&) {
        answer.set_value(std::string{"actor_down"});
      }
    });
    return answer;
  }
  void wait_for_nothing() {
    to_.ask<&server::never>().then([](troupe::future<int>) {});
  }

 private:
  troupe::actor<server> to_;
  int came_ = 0;
  int sum_ = 0;
  bool in_a_handler_ = false;
  bool overlapped_ = false;
};

/// Waits for one actor while the answers of another call back.
void function_with_callbacks(troupe::actor<server> one, troupe::actor<server> other) {
  int sum = 0;
  for (int i = 1; i <= 10; ++i) {
    one.ask<&server::same>(i).then([&](troupe::future<int> answer) {
      sum += answer.get();
      if (sum == 55) other.tell<&server::die>();
    });
  }
  try {
    other.ask<&server::never>().get();  // ends by what the callbacks do
  } catch (const troupe::actor_down&) {
    if (sum == 55) return;
  }
  throw std::runtime_error{"the callbacks did not run"};
}

template <class Future>
std::string kind_of(Future& ended) {
  try {
    ended.get();
    return "value";
  } catch (const troupe::actor_down&) {
    return "actor_down";
  } catch (const troupe::system_stopped&) {
    return "system_stopped";
  } catch (const troupe::broken_promise&) {
    return "broken_promise";
  } catch (const std::out_of_range&) {
    return "out_of_range";
  }
}

}  // namespace

TEST_CASE("callbacks of a thousand answers run, each once, though no thread waits") {
  troupe::actor_system system;
  const auto one = system.spawn<server>(), other = system.spawn<server>();
  std::atomic<int> came = 0, sum = 0;
  std::promise<void> all;
  for (int i = 0; i < 1000; ++i) {
    (i % 2 == 0 ? one : other).ask<&server::same>(i).then([&](troupe::future<int> answer) {
      sum += answer.get();
      if (++came == 1000) all.set_value();
    });
  }
  REQUIRE(all.get_future().wait_for(30s) == std::future_status::ready);
  CHECK(sum == 499'500);
}

TEST_CASE("an answer that is there already calls back too") {
  troupe::actor_system system;
  auto answer = system.spawn<server>().ask<&server::same>(7);
  REQUIRE(answer.wait_for(30s));
  std::promise<int> came;
  answer.then([&](troupe::future<int> ready) { came.set_value(ready.get()); });
  CHECK_FALSE(answer.valid());
  CHECK(came.get_future().get() == 7);
  CHECK_THROWS_AS(answer.then([](troupe::future<int>) {}), std::logic_error);
}

TEST_CASE("a callback sees the handler's exception and its actor's death") {
  troupe::actor_system system;
  const auto one = system.spawn<server>();
  std::promise<std::string> failed, died;
  one.ask<&server::fail>().then([&](troupe::future<void> ready) { failed.set_value(kind_of(ready)); });
  CHECK(failed.get_future().get() == "out_of_range");
  one.ask<&server::never>().then([&](troupe::future<int> ready) { died.set_value(kind_of(ready)); });
  one.kill();
  CHECK(died.get_future().get() == "actor_down");
}

TEST_CASE("callbacks run once each when the system is stopped under them") {
  auto system = std::make_unique<troupe::actor_system>();
  std::vector<troupe::actor<server>> actors;
  for (int i = 0; i < 3; ++i) actors.push_back(system->spawn<server>());
  std::atomic<int> came = 0, odd = 0;
  for (int i = 0; i < 300; ++i) {
    actors[static_cast<std::size_t>(i % 3)].ask<&server::never>().then([&](troupe::future<int> ready) {
      const auto kind = kind_of(ready);
      // Broken, where the actor came to its orderly end before the system's.
      odd += kind == "system_stopped" || kind == "actor_down" || kind == "broken_promise" ? 0 : 1;
      ++came;
    });
  }
  auto unheard = actors[0].ask<&server::never>();
  (void)system->stop(0ms);
  CHECK(came == 300);
  CHECK(odd == 0);
  unheard.then([&](troupe::future<int>) { ++came; });  // nobody is left to run it but this thread
  CHECK(came == 301);
}

TEST_CASE("callbacks and waiting threads share a channel") {
  troupe::actor_system system;
  const auto one = system.spawn<server>();
  std::atomic<int> came = 0, wrong = 0;
  std::promise<void> all;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        one.ask<&server::same>(i).then([&](troupe::future<int> answer) {
          if (answer.get() >= 0 && ++came == 600) all.set_value();
        });
        wrong += one.ask<&server::same>(i).get() == i ? 0 : 1;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  REQUIRE(all.get_future().wait_for(30s) == std::future_status::ready);
}

TEST_CASE("a callback may ask again, and keep what cannot be copied") {
  troupe::actor_system system;
  const auto one = system.spawn<server>();
  std::promise<int> end;
  auto step = std::make_unique<int>(1);
  one.ask<&server::same>(1).then([&end, one, step = std::move(step)](troupe::future<int> first) {
    one.ask<&server::same>(first.get() + *step).then([&end](troupe::future<int> second) {
      end.set_value(second.get());
    });
  });
  CHECK(end.get_future().get() == 2);
}

TEST_CASE("an actor's callbacks run between its messages") {
  troupe::actor_system system;
  const auto to = system.spawn<server>();
  const auto one = system.spawn<relay>(to);
  one.ask<&relay::start>(100).get();
  std::vector<int> state;
  while (state = one.ask<&relay::state>().get(), state[0] < 100) {
  }
  CHECK(state == std::vector{100, 4950, 0});
}

TEST_CASE("what an actor's callback sends leaves together, or not at all") {
  troupe::actor_system system;
  const auto to = system.spawn<server>();
  const auto dies = system.spawn<relay>(to), lives = system.spawn<relay>(to);
  dies.tell<&relay::two_notes_and_death>();
  CHECK(dies.join().kind == troupe::exit_kind::signal);
  CHECK(to.ask<&server::notes>().get().empty());
  lives.tell<&relay::two_notes>();
  std::vector<int> notes;
  while (notes.size() < 2) notes = to.ask<&server::notes>().get();
  CHECK(notes == std::vector{1, 2});
}

TEST_CASE("an answer of the process after one that died is followed too") {
  troupe::actor_system system;
  const auto actor = system.spawn<server>(
      {.restart = {.when = troupe::restart::on_crash, .most = 100, .delay = 1ms, .longest_delay = 1ms}});
  for (int round = 0; round < 40; ++round) {
    std::promise<void> died, answered;
    actor.ask<&server::die>().then([&](troupe::future<void>) { died.set_value(); });
    died.get_future().get();  // at once behind it: the background thread still puts the old process away
    actor.ask<&server::same>(1).then([&](troupe::future<int>) { answered.set_value(); });
    answered.get_future().get();
  }
}

TEST_CASE("an exception out of a callback ends the actor") {
  troupe::actor_system system;
  const auto one = system.spawn<relay>(system.spawn<server>());
  one.tell<&relay::exception_in_callback>();
  const auto status = one.join();
  CHECK(status.kind == troupe::exit_kind::exception);
  CHECK(status.exception_text == "out of a callback");
}

TEST_CASE("an actor's callback hears of the death of whom it asked") {
  troupe::actor_system system;
  const auto to = system.spawn<server>();
  const auto one = system.spawn<relay>(to);
  auto fate = one.ask<&relay::fate_of_call>();
  (void)one.ask<&relay::state>().get();
  to.kill();
  CHECK(fate.get() == "actor_down");
}

TEST_CASE("an actor stops while it has callbacks pending") {
  troupe::actor_system system;
  const auto one = system.spawn<relay>(system.spawn<server>());
  for (int i = 0; i < 10; ++i) one.tell<&relay::wait_for_nothing>();
  one.stop();
  CHECK(one.join().ok());
}

TEST_CASE("a promise that a callback holds is broken when its actor stops") {
  troupe::actor_system system;
  const auto one = system.spawn<relay>(system.spawn<server>());
  auto fate = one.ask<&relay::fate_of_call>();
  one.stop();
  CHECK_THROWS_AS(fate.get(), troupe::broken_promise);
}

TEST_CASE("a function's callbacks run while it waits for something else") {
  troupe::actor_system system;
  const auto one = system.spawn<server>(), other = system.spawn<server>();
  CHECK(system.spawn<function_with_callbacks>(one, other).join().ok());
}
