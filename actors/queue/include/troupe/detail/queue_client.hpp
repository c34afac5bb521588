// What the copies of a queue's handle share in one process.
#pragma once

#include <troupe/actor_system.hpp>
#include <troupe/detail/queue_actor.hpp>
#include <troupe/detail/queue_reader.hpp>
#include <troupe/detail/queue_writer.hpp>
#include <troupe/errors.hpp>
#include <troupe/future.hpp>
#include <troupe/this_actor.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe::detail {

template <class T>
using queue_address = actor<queue_actor<T>>;

/// A process that dies is started again, but not for ever: something it cannot take would kill each.
template <class T>
queue_address<T> spawn_queue(actor_system& system, std::string name, queue_rules rules) {
  static std::atomic<int> made{0};
  if (rules.capacity == 0 || rules.capacity_bytes == 0)
    throw std::invalid_argument{"troupe::queue: a capacity of 0 would keep every writer waiting"};
  rules.at_once = std::max<std::uint64_t>(rules.at_once, 1);
  spawn_options options;
  options.name = !name.empty() ? std::move(name) : "queue-" + std::to_string(++made);
  if (rules.survives) {
    options.restart = {.when = restart::on_crash,
                       .most = 100,
                       .within = std::chrono::seconds{3},
                       .delay = std::chrono::milliseconds{1},
                       .longest_delay = std::chrono::milliseconds{20}};
    options.max_attempts = 10;
  }
  return system.spawn<queue_actor<T>>(options, rules);
}

/// Putting and getting go on side by side: neither side waits for the other, so one thread may do both. The last copy's end
/// is the visit's: items not come to and credits go back. Threads: any.
template <class T>
class queue_client {
 public:
  explicit queue_client(queue_address<T> actor)
      : actor_{std::move(actor)}, who_{draw()}, writer_{actor_, who_}, reader_{actor_, who_} {}
  queue_client(const queue_client&) = delete;
  queue_client& operator=(const queue_client&) = delete;
  ~queue_client() {
    if (!arrived_) return;
    try {
      if (reader_.is_abandoned()) {
        actor_.template tell<&queue_actor<T>::abandon>(who_, reader_.done_at_end());
      } else if (std::uncaught_exceptions() > 0) {
        actor_.template tell<&queue_actor<T>::unwind>(who_, reader_.done_at_end());
      } else {
        actor_.template tell<&queue_actor<T>::leave>(who_, reader_.done_at_end());
      }
    } catch (const std::exception&) {
      // The queue or the system is gone, or this process is ending: then its end is the visit's.
    }
  }

  put_outcome put(const T& item, deadline until) {
    arrive();
    return writer_.put(item, until);
  }
  std::optional<T> get(deadline until) {
    arrive();
    return reader_.get(until);
  }
  future<void> readable() {
    arrive();
    return reader_.readable();
  }
  /// Who closes may well read no more: then what was brought to it is for others.
  void close() {
    writer_.close();
    reader_.give_back();
  }
  std::uint64_t close_now() {
    const auto dropped = writer_.close_now();
    reader_.give_back();
    return dropped;
  }
  void done() { reader_.done(); }

  /// False at `until`. A put that returned before this call may still be on its way: it is read before a second question.
  bool join(deadline until) {
    for (auto before = std::uint64_t{0}, rounds = before;; ++rounds) {
      const auto puts = puts_when_idle(until);
      if (!puts) return false;
      if (rounds != 0 && *puts == before) return true;
      before = *puts;
    }
  }
  [[nodiscard]] std::uint32_t attempt() { return reader_.attempt(); }
  [[nodiscard]] std::vector<dead_item<T>> take_dead() {
    return actor_.template ask<&queue_actor<T>::take_dead>().get();
  }
  [[nodiscard]] std::optional<exit_status> writer_death() const {
    return actor_.template ask<&queue_actor<T>::writer_death>().get();
  }
  [[nodiscard]] bool full() const { return actor_.template ask<&queue_actor<T>::full>().get(); }
  [[nodiscard]] std::size_t size() const { return actor_.template ask<&queue_actor<T>::size>().get(); }
  [[nodiscard]] const queue_address<T>& actor() const { return actor_; }

 private:
  class somebody {};

  /// Nullopt at `until`.
  std::optional<std::uint64_t> puts_when_idle(deadline until) {
    for (;;) {
      try {
        auto answer = actor_.template ask<&queue_actor<T>::idle>();
        if (until != no_deadline && !answer.wait_for(until - std::chrono::steady_clock::now()))
          return std::nullopt;
        return answer.get();
      } catch (const actor_down& down) {
        if (!died_with_the_question(down)) throw;
      }
    }
  }

  static queue_visitor draw() {
    std::random_device source;
    return queue_visitor{(std::uint64_t{source()} << 32) | source()};
  }

  /// Nobody need know which process the host is: when it dies, so does the queue.
  void arrive() {
    std::call_once(once_, [this] {
      if (const auto here = this_process()) actor_.template tell<&queue_actor<T>::arrive>(who_, *here);
      arrived_ = true;
    });
  }
  static std::optional<process> this_process() {
    try {
      return this_actor::self<somebody>();
    } catch (const std::logic_error&) {
      return std::nullopt;
    }
  }

  queue_address<T> actor_;
  queue_visitor who_;
  std::once_flag once_;
  bool arrived_ = false;
  queue_writer<T> writer_;
  queue_reader<T> reader_;
};

}  // namespace troupe::detail
