// growth: what stays the same, and what does not, from ten actors to thousands: the memory of one and what all share, a round
// trip, messages around a ring and from all to one, starts and ends, descriptors. Metrics are named `what@actors`.
#include <troupe/troupe.hpp>

#include "processes.hpp"
#include "workloads.hpp"

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

namespace bench {

namespace {

constexpr std::size_t in_ring = 100;
constexpr std::size_t at_most_in_fan = 1000;

double seconds_since(clock::time_point began) {
  return std::chrono::duration<double>(clock::now() - began).count();
}

class node;
/// From this process, be it the host's or an actor's; in microseconds.
double median_round_trip(const troupe::actor<node>& to);

class node {
 public:
  std::uint64_t same(std::uint64_t number) const { return number; }

  void link(const troupe::actor<node>& next) { next_ = next; }
  double median_round_trip_to_next() const { return median_round_trip(next_); }
  /// Has so many messages go around the ring, and answers when all have made their steps. A multiple of the ring's size.
  troupe::promise<void> go_around(std::uint64_t messages, std::uint64_t steps) {
    missing_ = messages;
    done_ = {};
    for (std::uint64_t i = 0; i < messages; ++i) next_.tell<&node::step>(steps - 1);
    return done_;
  }
  void step(std::uint64_t left) {
    if (left != 0) return next_.tell<&node::step>(left - 1);
    arrived();
  }

  troupe::promise<void> expect(std::uint64_t messages) {
    missing_ = messages;
    done_ = {};
    return done_;
  }
  void send_to(const troupe::actor<node>& sink, std::uint64_t messages) const {
    for (std::uint64_t i = 0; i < messages; ++i) sink.tell<&node::take>(payload{i, {}});
  }
  void take(const payload&) { arrived(); }

 private:
  void arrived() {
    if (--missing_ == 0) done_.set_value();
  }

  troupe::actor<node> next_;
  std::uint64_t missing_ = 0;
  troupe::promise<void> done_;
};

using nodes = std::vector<troupe::actor<node>>;

double median_round_trip(const troupe::actor<node>& to) {
  std::vector<double> microseconds;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const auto before = clock::now();
    check(to.ask<&node::same>(i).get() == i, "the reply is that to the request");
    microseconds.push_back(1e6 * seconds_since(before));
  }
  std::sort(microseconds.begin(), microseconds.end());
  return microseconds[microseconds.size() / 2];
}

class measurement {
 public:
  explicit measurement(std::size_t count) : count_{count} {}

  void run() {
    const auto began = clock::now();
    for (std::size_t i = 0; i < count_; ++i) all_.push_back(system_.spawn<node>());
    std::vector<troupe::future<std::uint64_t>> answers;
    for (const auto& one : all_) answers.push_back(one.ask<&node::same>(1U));
    for (auto& answer : answers) answer.get();
    tell("start", 1e3 * seconds_since(began), "ms");

    memory_and_descriptors();
    tell("rtt_p50", median_round_trip(all_.front()), "us");
    ring();
    shared_memory("before");
    fan_in();
    shared_memory("after");

    const auto end = clock::now();
    system_.stop();
    tell("stop", 1e3 * seconds_since(end), "ms");
  }

  [[nodiscard]] std::size_t started() const { return all_.size(); }

 private:
  void tell(const std::string& what, double value, const std::string& unit) const {
    report("growth", what + "@" + std::to_string(count_), value, unit);
  }

  /// Of one that has answered once and has nothing to do, and of the guardian, which is this process's first child.
  void memory_and_descriptors() const {
    const auto idle = private_memory_of(std::to_string(all_[count_ / 2].pid()));
    tell("private", idle.sum(), "kB");
    tell("private_heap", idle.heap, "kB");
    tell("private_stack", idle.stack, "kB");
    tell("private_files", idle.files, "kB");
    tell("private_shared", idle.shared, "kB");
    tell("private_other", idle.other, "kB");
    const auto guardian = descendants().at(0);
    tell("guardian_private", private_memory_of(guardian).sum(), "kB");
    tell("guardian_descriptors", static_cast<double>(descriptors_of(guardian)), "");
    tell("host_descriptors", static_cast<double>(descriptors_of("self")), "");
  }

  /// Of the host and all others together.
  void shared_memory(const std::string& when) const {
    auto processes = descendants();
    processes.emplace_back("self");
    tell("shared_" + when + "_fan_in", shared_memory_of(processes), "kB");
  }

  void ring() const {
    const auto size = std::min(count_, in_ring);
    for (std::size_t i = 0; i < size; ++i) {
      all_[i].ask<&node::link>(all_[(i + 1) % size]).get();
    }
    tell("rtt_between_p50", all_.front().ask<&node::median_round_trip_to_next>().get(), "us");
    const auto go_around = [&](std::uint64_t messages, std::uint64_t steps) {
      const auto began = clock::now();
      all_.front().ask<&node::go_around>(messages, steps).get();
      return static_cast<double>(messages * steps) / seconds_since(began);
    };
    go_around(1, size);  // connects them
    const auto laps = choose({50, {}}, {10, {}}).count;
    tell("ring_1", go_around(1, laps * size), "msg/s");
    tell("ring_all", go_around(size, laps * size), "msg/s");
  }

  void fan_in() const {
    const auto& sink = all_.front();
    const auto senders = std::min(count_ - 1, at_most_in_fan);
    const auto each = choose({100'000, {}}, {20'000, {}}).count / senders;
    for (const bool connected : {false, true}) {
      const auto messages = connected ? each : 1;
      auto all_taken = sink.ask<&node::expect>(senders * messages);
      sink.ask<&node::same>(0U).get();  // behind it: what others send might come before it otherwise
      const auto began = clock::now();
      for (std::size_t i = 1; i <= senders; ++i) all_[i].tell<&node::send_to>(sink, messages);
      all_taken.get();
      if (connected) {
        tell("fan_in", static_cast<double>(senders * messages) / seconds_since(began), "msg/s");
      } else {
        tell("fan_in_connect", 1e3 * seconds_since(began), "ms");
      }
    }
  }

  std::size_t count_;
  troupe::actor_system system_{{.grace = std::chrono::seconds{30}}};
  nodes all_;
};

}  // namespace

void growth(const std::vector<std::size_t>& counts) {
  for (const auto count : counts) {
    measurement one{count};
    try {
      one.run();
    } catch (const troupe::error& limit) {
      report("growth", "started@" + std::to_string(count), static_cast<double>(one.started()), "");
      std::cout << "# " << count << " actors: " << one.started() << " were started, then: " << limit.what()
                << std::endl;
    }
  }
}

}  // namespace bench
