// A transport over queues that any process can put into and take from: two of them are enough for a pool, one for a fan.
#pragma once

#include "transport.hpp"

namespace bench {

/// A `Queue` is made with the largest message; a `Channel` of two of them, `in` and `out`, is also a farm.
template <class Queue, class Channel>
struct shared_queues {
  template <class Child, class Parent>
  static void pair(std::size_t most, Child child, Parent parent) {
    Queue up{most}, down{most};
    const pid_t pid = fork_run([&] {
      Channel mine{&down, &up};
      child(mine);
    });
    Channel mine{&up, &down};
    parent(mine);
    reap(pid);
  }

  template <class Worker, class Parent>
  static void farm(std::size_t most, Worker worker, Parent parent) {
    Queue up{most}, down{most};
    pid_t pids[2];
    for (auto& pid : pids) {
      pid = fork_run([&] {
        Channel mine{&down, &up};
        worker(mine);
      });
    }
    Channel mine{&up, &down};
    parent(mine);
    for (const pid_t pid : pids) end(pid);
  }

  template <class Producer, class Consumer, class Watch>
  static void fan(std::size_t most, Producer producer, Consumer consumer, Watch watch) {
    Queue queue{most};
    pid_t pids[3];
    for (int k : {0, 1}) {
      pids[k] = fork_run([&] {
        Channel mine{&queue, nullptr};
        consumer(mine, k);
      });
    }
    pids[2] = fork_run([&] {
      Channel mine{nullptr, &queue};
      producer(mine);
    });
    watch();
    for (const pid_t pid : pids) end(pid);
  }
};

}  // namespace bench
