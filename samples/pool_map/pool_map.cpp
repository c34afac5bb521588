// A pool of workers, made by hand from a topology: numbers go to whichever worker is free, squares come back in order.
#include <troupe/launcher.hpp>
#include <troupe/this_actor.hpp>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace {

struct settings {
  std::uint64_t items = 10;
  unsigned workers = 2;
  std::uint64_t work = 100'000'000;
};

/// The square of `n`, after as many steps of arithmetic as asked for, so that there is something to be parallel.
std::uint64_t square(std::uint64_t n, std::uint64_t steps) {
  volatile std::uint64_t wasted = 0;
  for (std::uint64_t i = 0; i < steps; ++i) wasted = wasted + i * i;
  return n * n;
}

class numbers {
 public:
  explicit numbers(std::uint64_t count) : count_{count} {}
  std::optional<std::uint64_t> next(std::uint64_t position) const {
    return position < count_ ? std::optional{position} : std::nullopt;
  }

 private:
  std::uint64_t count_;
};

/// A square, whose it is, and who made it.
struct answer {
  std::uint64_t number = 0;
  std::uint64_t square = 0;
  int pid = 0;
};

class worker {
 public:
  explicit worker(std::uint64_t steps) : steps_{steps} {}
  void operator()(const std::uint64_t& n, troupe::outlet<answer>& out) const {
    out.emit({.number = n, .square = square(n, steps_), .pid = troupe::this_actor::pid()});
  }

 private:
  std::uint64_t steps_;
};

/// Puts the answers into the order of the questions.
class collector {
 public:
  void operator()(const answer& next) { answers_.emplace(next.number, next); }
  std::vector<answer> result() const {
    std::vector<answer> in_order;
    for (const auto& [number, each] : answers_) in_order.push_back(each);
    return in_order;
  }

 private:
  std::map<std::uint64_t, answer> answers_;
};

/// The same work by this process alone, in seconds.
double sequential_seconds(const settings& given) {
  const auto began = std::chrono::steady_clock::now();
  for (std::uint64_t n = 0; n < given.items; ++n) (void)square(n, given.work);
  return std::chrono::duration<double>{std::chrono::steady_clock::now() - began}.count();
}

std::string first_squares(const std::vector<answer>& answers) {
  std::string text = "[";
  for (const auto& each : answers) {
    if (each.number == 20) return text + ", ...]";
    text += (each.number == 0 ? "" : ", ") + std::to_string(each.square);
  }
  return text + "]";
}

troupe::summary summarize(const std::vector<answer>& answers, const troupe::run_report& run,
                          const settings& given) {
  std::map<int, std::uint64_t> by_worker;
  boost::json::array squares;
  for (const auto& each : answers) {
    ++by_worker[each.pid];
    squares.push_back(each.square);
  }
  std::string text = first_squares(answers) + "\n";
  for (const auto& [pid, count] : by_worker)
    text += "process " + std::to_string(pid) + " squared " + std::to_string(count) + "\n";
  const double alone = sequential_seconds(given);
  std::array<char, 120> times{};
  std::snprintf(times.data(), times.size(),
                "one process alone %.2f s, %zu workers %.2f s: %.2f times as fast\n", alone, by_worker.size(),
                run.seconds, alone / run.seconds);
  const boost::json::object json{
      {"squares", squares}, {"workers", by_worker.size()}, {"sequential_seconds", alone}};
  return {.json = boost::json::serialize(json), .text = text + times.data()};
}

troupe::topology pool_map(const settings& given) {
  troupe::topology graph{"pool_map"};
  const auto from = graph.source<numbers>("numbers", given.items);
  const auto pool = graph.stage<worker>("worker", {.replicas = given.workers}, given.work);
  const auto to = graph.sink<collector>("collect");
  graph.connect(from, pool);
  graph.connect(pool, to);
  graph.conclude(to, [given](std::vector<std::vector<answer>> one, const troupe::run_report& run) {
    return summarize(one.front(), run, given);
  });
  return graph;
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>("pool_map", "Squares numbers on a pool of workers, in order.", pool_map)
        .group("Pools")
        .option("items", &settings::items, "numbers to square")
        .option("workers", &settings::workers, "processes that do it", {.least = 1, .most = 256})
        .option("work", &settings::work, "steps of arithmetic that each square takes");

}  // namespace
