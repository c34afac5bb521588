// W9: an actor is killed in the middle of a call: until the caller knows, and until the next process has answered. And a map
// whose workers are killed as fast as they come, and a pipeline, any of whose processes are.
#include <troupe/pool.hpp>
#include <troupe/topology.hpp>
#include <troupe/troupe.hpp>

#include "workloads.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace bench {

namespace {

using namespace std::chrono_literals;
using microseconds = std::chrono::duration<double, std::micro>;

class victim {
 public:
  int pid() const { return troupe::this_actor::pid(); }
  void never_ends() const {
    for (;;) std::this_thread::sleep_for(1h);
  }
};

void report_both(const std::string& metric, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  report("W9", metric + "_median", times[times.size() / 2], "us");
  report("W9", metric + "_p99", times[times.size() * 99 / 100], "us");
}

void report_rate(const std::string& metric, std::uint64_t kills, double seconds) {
  report("W9", metric, static_cast<double>(kills) / seconds, "1/s");
}

void kill_in_calls(std::uint64_t rounds) {
  troupe::actor_system system;
  const auto actor = system.spawn<victim>({.restart = {.when = troupe::restart::on_crash,
                                                       .most = 1'000'000,
                                                       .within = 1h,
                                                       .delay = 0ms,
                                                       .longest_delay = 0ms}});
  std::vector<double> until_error, until_answer;
  int before = actor.ask<&victim::pid>().get();
  for (std::uint64_t round = 0; round < rounds; ++round) {
    auto call = actor.ask<&victim::never_ends>();
    while (!call.running()) std::this_thread::yield();
    auto behind = actor.ask<&victim::pid>();
    const auto killed = clock::now();
    actor.kill();
    try {
      call.get();
      check(false, "a killed call does not return");
    } catch (const troupe::actor_down& down) {
      until_error.push_back(microseconds(clock::now() - killed).count());
      check(down.fate() == troupe::call_fate::died_running, "the call had begun");
    }
    const int now = behind.get();
    until_answer.push_back(microseconds(clock::now() - killed).count());
    check(now != before, "another process answers");
    before = now;
  }
  report_both("error", std::move(until_error));
  report_both("next_answer", std::move(until_answer));
}

double work(std::uint64_t n) {
  double sum = 0;
  for (int i = 1; i < 2000; ++i) sum += std::sqrt(static_cast<double>(n) + i);
  return sum;
}

void kill_in_a_map(std::uint64_t items) {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2, .max_attempts = 1000}};
  std::vector<std::uint64_t> all(items);
  std::iota(all.begin(), all.end(), std::uint64_t{0});
  std::atomic<bool> is_done = false;
  std::uint64_t kills = 0;
  const auto began = clock::now();
  std::jthread killer{[&](const std::stop_token& told) {
    for (int last = 0; !is_done && !told.stop_requested();) {
      std::this_thread::sleep_for(5ms);
      const auto workers = pool.workers();
      if (workers.empty()) continue;
      const auto& one = workers[kills % workers.size()];
      if (std::exchange(last, one.pid()) == one.pid())
        continue;  // dead already, or the only one that is there
      one.kill();
      ++kills;
    }
  }};
  const auto results = pool.map<work>(all);
  is_done = true;
  killer.join();
  const auto took = std::chrono::duration<double>(clock::now() - began).count();
  for (const auto n : all) check(results[n] == work(n), "every result is there, in its place");
  report_rate("map_kills_survived", kills, took);
}

/// next(position)
class numbers {
 public:
  explicit numbers(std::uint64_t count) : count_{count} {}
  std::optional<std::uint64_t> next(std::uint64_t position) {
    return position < count_ ? std::optional{position} : std::nullopt;
  }

 private:
  std::uint64_t count_;
};

class halver {
 public:
  void operator()(std::uint64_t n, troupe::outlet<double>& out) { out.emit(work(n) / 2); }
};

class adder {
 public:
  void operator()(double value) { sum_ += value; }

 private:
  double sum_ = 0;
};

void kill_in_a_pipeline(std::uint64_t items, std::uint64_t kills) {
  troupe::topology graph{"pipeline"};
  const auto from = graph.source<numbers>("from", items);
  const auto by = graph.stage<halver>("by", {.replicas = 2});
  const auto to = graph.sink<adder>("to");
  graph.connect(from, by);
  graph.connect(by, to);
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto report = graph.run(system, {.chaos = troupe::chaos_options{.kills = kills, .pace = 5ms}});
  check(report.ok && report.items.lost == 0 && report.items.completed_twice == 0,
        "nothing is lost or repeated");
  report_rate("pipeline_kills_survived", report.chaos.kills, report.seconds);
}

}  // namespace

void deaths() {
  kill_in_calls(choose({1000, {}}, {50, {}}).count);
  kill_in_a_map(choose({200'000, {}}, {20'000, {}}).count);
  kill_in_a_pipeline(20'000, choose({300, {}}, {30, {}}).count);
}

}  // namespace bench
