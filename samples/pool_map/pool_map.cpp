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
#include <utility>
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

std::uint64_t square_of(std::uint64_t n) { return n * n; }
std::uint64_t product(std::uint64_t a, std::uint64_t b) { return a * b; }

boost::json::array to_json(const std::vector<std::uint64_t>& numbers) {
  boost::json::array all;
  for (const auto each : numbers) all.emplace_back(each);
  return all;
}

/// The squares of 0 to 9, asked for in each of the ways that a pool has.
boost::json::object in_every_way(troupe::pool& pool) {
  std::vector<std::uint64_t> numbers(10);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
  std::vector<std::pair<std::uint64_t, std::uint64_t>> pairs;
  for (const auto n : numbers) pairs.emplace_back(n, n);
  boost::json::object ways;

  ways["map"] = to_json(pool.map<square_of>(numbers));      // waits for all
  ways["starmap"] = to_json(pool.starmap<product>(pairs));  // for a function of several parameters

  std::vector<troupe::future<std::uint64_t>>
      answers;  // apply_async: one call at a time, whose answer comes later
  for (const auto n : numbers) answers.push_back(pool.submit<square_of>(n));
  auto& submitted = ways["apply_async"].emplace_array();
  for (auto& each : answers) submitted.emplace_back(each.get());

  auto& lazily = ways["imap"].emplace_array();  // one after another, while others are being made
  for (const auto each : pool.imap<square_of>(numbers)) lazily.emplace_back(each);

  auto& as_they_come = ways["imap_unordered"].emplace_array();  // whichever is there first
  for (const auto each : pool.imap_unordered<square_of>(numbers)) as_they_come.emplace_back(each);
  return ways;
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
                          double together, double alone, const boost::json::object& ways) {
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
  text += times.data();
  for (const auto& [way, made] : ways) {
    text += std::string{way} + ":";
    for (const auto& each : made.as_array()) text += " " + boost::json::serialize(each);
    text += "\n";
  }
  const boost::json::object json{{"items", answers.size()},
                                 {"squares", squares},
                                 {"workers", counts},
                                 {"seconds", together},
                                 {"sequential_seconds", alone},
                                 {"speed_up", alone / together},
                                 {"ways", ways}};
  return {.json = boost::json::serialize(json), .text = text};
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
  return summarize(answers, workers, together, alone, in_every_way(pool));
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>("pool_map", "Squares numbers on a pool of workers, in order.", pool_map)
        .group("Pools")
        .option("items", &settings::items, "numbers to square")
        .option("workers", &settings::workers, "processes that do it", {.least = 1, .most = 256})
        .option("work", &settings::work, "steps of arithmetic that each square takes");

}  // namespace
