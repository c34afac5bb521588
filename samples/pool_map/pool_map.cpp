// A pool of workers squares numbers: whoever is free takes the next, and the squares come back in order.
#include <troupe/launcher.hpp>
#include <troupe/pool.hpp>
#include <troupe/this_actor.hpp>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <numeric>
#include <string>
#include <vector>

namespace {

struct settings {
  std::uint64_t items = 10;
  unsigned workers = 2;
  std::uint64_t work = 100'000'000;
};

struct question {
  std::uint64_t number = 0;
  std::uint64_t steps = 0;
};

/// A square, and the process that made it.
struct answer {
  std::uint64_t square = 0;
  int pid = 0;
};

/// The square of a number, after as many steps of arithmetic as asked for, so that there is something to be parallel.
std::uint64_t square(const question& of) {
  volatile std::uint64_t wasted = 0;
  for (std::uint64_t i = 0; i < of.steps; ++i) wasted = wasted + i * i;
  return of.number * of.number;
}

/// What the workers run.
answer square_in_worker(const question& of) {
  return {.square = square(of), .pid = troupe::this_actor::pid()};
}

template <class Work>
double seconds_of(const Work& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>{std::chrono::steady_clock::now() - began}.count();
}

std::string first_squares(const std::vector<answer>& answers) {
  std::string text = "[";
  for (std::size_t n = 0; n < answers.size(); ++n) {
    if (n == 20) return text + ", ...]";
    text += (n == 0 ? "" : ", ") + std::to_string(answers[n].square);
  }
  return text + "]";
}

troupe::summary summarize(const std::vector<answer>& answers, const std::vector<int>& workers,
                          double together, double alone) {
  std::map<int, std::uint64_t> by_worker;
  for (const int pid : workers) by_worker[pid] = 0;
  boost::json::array squares;
  for (const auto& each : answers) {
    ++by_worker[each.pid];
    squares.emplace_back(each.square);
  }
  std::string text = first_squares(answers) + "\n";
  boost::json::array counts;
  for (const auto& [pid, count] : by_worker) {
    text += "process " + std::to_string(pid) + " squared " + std::to_string(count) + "\n";
    counts.push_back({{"pid", pid}, {"squared", count}});
  }
  std::array<char, 120> times{};
  std::snprintf(times.data(), times.size(),
                "one process alone %.2f s, %zu workers %.2f s: %.2f times as fast\n", alone, workers.size(),
                together, alone / together);
  const boost::json::object json{{"items", answers.size()},     {"squares", squares},
                                 {"workers", counts},           {"seconds", together},
                                 {"sequential_seconds", alone}, {"speed_up", alone / together}};
  return {.json = boost::json::serialize(json), .text = text + times.data()};
}

troupe::summary pool_map(const settings& given, troupe::actor_system& system,
                         const troupe::launcher::show_progress& show) {
  std::vector<question> questions(given.items);
  for (std::uint64_t n = 0; n < given.items; ++n) questions[n] = {.number = n, .steps = given.work};

  troupe::pool pool{system, {.workers = given.workers, .name = "worker"}};
  std::vector<int> workers;
  for (const auto& each : pool.workers()) workers.push_back(each.pid());

  const auto began = std::chrono::steady_clock::now();
  const auto tell = [&](std::size_t done, std::optional<std::size_t>) {
    show({.nodes = {{"squares", done, given.items}}, .elapsed = std::chrono::steady_clock::now() - began});
  };
  // Long items one at a time, so that no worker has several left when the others have none; short ones in chunks.
  const std::size_t chunk_size = given.work >= 100'000 ? 1 : 0;
  std::vector<answer> answers;
  const auto together = seconds_of([&] {
    answers = pool.map<square_in_worker>(questions, {.chunk_size = chunk_size, .on_progress = tell});
  });
  const auto alone = seconds_of([&] {
    for (const auto& each : questions) (void)square(each);
  });
  return summarize(answers, workers, together, alone);
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>("pool_map", "Squares numbers on a pool of workers, in order.", pool_map)
        .group("Pools")
        .option("items", &settings::items, "numbers to square")
        .option("workers", &settings::workers, "processes that do it", {.least = 1, .most = 256})
        .option("work", &settings::work, "steps of arithmetic that each square takes");

}  // namespace
