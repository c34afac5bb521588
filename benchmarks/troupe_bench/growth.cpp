// growth: what stays the same, and what does not, from ten actors to thousands: the memory of one, a round trip, messages
// around a ring and from all to one, starts and ends, descriptors. Metrics are named `what@actors`.
#include <troupe/troupe.hpp>

#include "workloads.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace bench {

namespace {

constexpr std::size_t in_ring = 100;
constexpr std::size_t at_most_in_fan = 1000;

class node {
 public:
  std::uint64_t same(std::uint64_t number) const { return number; }

  void link(const troupe::actor<node>& next) { next_ = next; }
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

double seconds_since(clock::time_point began) {
  return std::chrono::duration<double>(clock::now() - began).count();
}

double private_kilobytes(int pid) {
  std::ifstream lines{"/proc/" + std::to_string(pid) + "/smaps_rollup"};
  double sum = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Private_")) sum += std::stod(line.substr(line.find(':') + 1));
  }
  return sum;
}

double descriptors(const std::string& process) {
  const std::filesystem::directory_iterator open{"/proc/" + process + "/fd"};
  return static_cast<double>(std::distance(begin(open), end(open)));
}

/// This process's one child.
std::string guardian() {
  for (const auto& thread : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::ifstream children{thread.path() / "children"};
    if (std::string pid; children >> pid) return pid;
  }
  throw std::runtime_error{"no guardian below /proc/self/task"};
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

    tell("private", private_kilobytes(all_[count_ / 2].pid()), "kB");
    tell("guardian_private", private_kilobytes(std::stoi(guardian())), "kB");
    tell("guardian_descriptors", descriptors(guardian()), "");
    tell("host_descriptors", descriptors("self"), "");
    round_trip();
    ring();
    fan_in();

    const auto end = clock::now();
    system_.stop();
    tell("stop", 1e3 * seconds_since(end), "ms");
  }

  [[nodiscard]] std::size_t started() const { return all_.size(); }

 private:
  void tell(const std::string& what, double value, const std::string& unit) const {
    report("growth", what + "@" + std::to_string(count_), value, unit);
  }

  void round_trip() const {
    std::vector<double> microseconds;
    for (std::uint64_t i = 0; i < 2000; ++i) {
      const auto before = clock::now();
      check(all_.front().ask<&node::same>(i).get() == i, "the reply is that to the request");
      microseconds.push_back(1e6 * seconds_since(before));
    }
    std::sort(microseconds.begin(), microseconds.end());
    tell("rtt_p50", microseconds[microseconds.size() / 2], "us");
  }

  void ring() const {
    const auto size = std::min(count_, in_ring);
    for (std::size_t i = 0; i < size; ++i) {
      all_[i].ask<&node::link>(all_[(i + 1) % size]).get();
    }
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
