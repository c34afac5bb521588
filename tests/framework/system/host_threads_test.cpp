// Many threads of one host. Built with ThreadSanitizer these must be clean.
#include <troupe/troupe.hpp>

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <signal.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

class server {
 public:
  int add(int a, int b) {
    ++calls_;
    return a + b;
  }
  void note() { ++calls_; }
  int calls() const { return calls_; }
  std::string large(std::size_t size) { return std::string(size, 'l'); }
  void die() { ::raise(SIGKILL); }

 private:
  int calls_ = 0;
};

template <class Body>
void in_threads(int count, Body body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([&body, i] { body(i); });
  for (auto& thread : threads) thread.join();
}

}  // namespace

TEST_CASE("several threads ask the same actor at once") {
  troupe::actor_system system;
  const auto actor = system.spawn<server>();
  std::atomic<int> right = 0;
  in_threads(6, [&](int thread) {
    for (int i = 0; i < 500; ++i) right += actor.ask<&server::add>(i, thread).get() == i + thread ? 1 : 0;
  });
  CHECK(right == 3000);
  CHECK(actor.ask<&server::calls>().get() == 3000);
}

TEST_CASE("several threads ask several actors, with many answers due, and tell in between") {
  troupe::actor_system system;
  std::vector<troupe::actor<server>> actors;
  for (int i = 0; i < 3; ++i) actors.push_back(system.spawn<server>());
  std::atomic<int> right = 0;
  in_threads(6, [&](int thread) {
    std::vector<troupe::future<int>> answers;
    for (int i = 0; i < 500; ++i) {
      const auto& actor = actors[static_cast<std::size_t>(i + thread) % actors.size()];
      answers.push_back(actor.ask<&server::add>(i, thread));
      actor.tell<&server::note>();
    }
    for (int i = 0; i < 500; ++i) right += answers[static_cast<std::size_t>(i)].get() == i + thread ? 1 : 0;
  });
  CHECK(right == 3000);
  int calls = 0;
  for (const auto& actor : actors) calls += actor.ask<&server::calls>().get();
  CHECK(calls == 6000);
}

TEST_CASE("threads look, wait a little and wait for good on answers of one actor") {
  troupe::actor_system system;
  const auto actor = system.spawn<server>();
  in_threads(4, [&](int thread) {
    for (int i = 0; i < 100; ++i) {
      auto answer = actor.ask<&server::large>(static_cast<std::size_t>(i * 1000));
      if (thread % 2 == 0) {
        while (!answer.ready()) std::this_thread::yield();
      } else {
        while (!answer.wait_for(1ms)) {
        }
      }
      if (answer.get().size() != static_cast<std::size_t>(i * 1000)) std::abort();
    }
  });
}

TEST_CASE("threads spawn, join, stop and watch at once") {
  troupe::actor_system system;
  std::atomic<int> downs = 0;
  in_threads(4, [&](int) {
    for (int i = 0; i < 10; ++i) {
      const auto actor = system.spawn<server>();
      actor.on_down([&](const troupe::exit_status&) { ++downs; });
      if (actor.ask<&server::add>(1, 2).get() != 3) std::abort();
      if (i % 3 == 0) {
        actor.kill();
      } else {
        actor.stop();
      }
      actor.join();
    }
  });
  (void)system.stop();
  CHECK(downs == 40);
}

TEST_CASE("an actor that dies under several threads' questions ends them all") {
  troupe::actor_system system;
  for (int round = 0; round < 5; ++round) {
    const auto actor = system.spawn<server>();
    std::atomic<int> ended = 0;
    in_threads(5, [&](int thread) {
      try {
        for (int i = 0;; ++i) {
          if (thread == 0 && i == 50) actor.tell<&server::die>();
          (void)actor.ask<&server::add>(i, i).get();
        }
      } catch (const troupe::actor_down&) {
        ++ended;
      }
    });
    CHECK(ended == 5);
  }
}

TEST_CASE("the system's end ends every thread's call") {
  auto system = std::make_unique<troupe::actor_system>();
  const auto actor = system->spawn<server>();
  std::promise<void> running;
  std::atomic<int> ended = 0;
  std::thread stopper{[&] {
    running.get_future().wait();
    (void)system->stop(100ms);
  }};
  in_threads(4, [&](int thread) {
    try {
      for (int i = 0;; ++i) {
        (void)actor.ask<&server::add>(i, i).get();
        if (thread == 0 && i == 20) running.set_value();
      }
    } catch (const troupe::error&) {
      ++ended;
    }
  });
  stopper.join();
  CHECK(ended == 4);
}

TEST_CASE("a host with sixty-four busy threads spawns fifty actors") {
  troupe::actor_system system;
  std::atomic<bool> done = false;
  std::vector<std::thread> busy;
  for (int i = 0; i < 64; ++i) {
    busy.emplace_back([&] {
      while (!done) {
        const auto memory = std::make_unique<std::string>(1000, 'x');
        if (memory->size() != 1000) std::abort();
        std::this_thread::yield();
      }
    });
  }
  std::vector<troupe::actor<server>> actors;
  for (int i = 0; i < 50; ++i) actors.push_back(system.spawn<server>());
  for (const auto& actor : actors) CHECK(actor.ask<&server::add>(1, 1).get() == 2);
  done = true;
  for (auto& thread : busy) thread.join();
}
