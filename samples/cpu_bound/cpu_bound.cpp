// Work that only computes: one after another, by threads, by processes, and by a pool, with what the machine itself allows.
#include <troupe/available_cpus.hpp>
#include <troupe/launcher.hpp>
#include <troupe/pool.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace {

using numbers = std::vector<std::uint64_t>;

struct settings {
  std::uint64_t n = 50'000'000;
  unsigned workers = 0;
};

/// The sum of i*i for all i below n, modulo 2^64, unless `is_over` says that nobody wants it any more. Kept in memory, so that
/// no compiler finds the formula for it.
template <class IsOver>
std::uint64_t sum_unless(const IsOver& is_over, std::uint64_t n) {
  constexpr std::uint64_t between_looks = std::uint64_t{1} << 22;
  volatile std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < n && !is_over();) {
    for (const auto end = std::min(n, i + between_looks); i < end; ++i) sum = sum + i * i;
  }
  return sum;
}

std::uint64_t sum_of_squares(std::uint64_t n) {
  return sum_unless([] { return false; }, n);
}

class calculator {
 public:
  numbers sums(const numbers& of) const {
    numbers all;
    for (const auto n : of) all.push_back(sum_of_squares(n));
    return all;
  }
};

/// n and five values around it, the largest first: whoever shares them out has short ones left at the end.
numbers values_around(std::uint64_t n) {
  return {n + n / 10, n + n / 20, n + n / 50, n, n - n / 20, n - n / 10};
}

/// Actors are ended when the user wants no more; what the host computes itself has to look.
std::uint64_t sum_in_host(const troupe::actor_system& system, std::uint64_t n) {
  return sum_unless([&] { return system.interrupted_by() != 0; }, n);
}

numbers one_by_one(const numbers& of, const troupe::actor_system& system) {
  numbers sums;
  for (const auto n : of) sums.push_back(sum_in_host(system, n));
  return sums;
}

numbers by_threads(const numbers& of, unsigned workers, const troupe::actor_system& system) {
  numbers sums(of.size());
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> threads;
  for (unsigned n = 0; n < workers; ++n) {
    threads.emplace_back([&] {
      for (auto place = next++; place < of.size(); place = next++)
        sums[place] = sum_in_host(system, of[place]);
    });
  }
  threads.clear();
  return sums;
}

/// A process for each value.
numbers by_processes(const numbers& of, troupe::actor_system& system) {
  std::vector<troupe::future<numbers>> answers;
  for (const auto n : of) answers.push_back(system.spawn<calculator>().ask<&calculator::sums>(numbers{n}));
  numbers sums;
  for (auto& each : answers) sums.push_back(each.get().front());
  return sums;
}

template <class Work>
double seconds_of(const Work& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>{std::chrono::steady_clock::now() - began}.count();
}

/// How many times as much as one process so many processes do that have nothing to do with each other: no way to share work
/// out can do better on this machine.
double ceiling(const numbers& of, double alone, unsigned workers, troupe::actor_system& system) {
  std::vector<troupe::actor<calculator>> all;
  for (unsigned n = 0; n < workers; ++n) all.push_back(system.spawn<calculator>());
  const auto together = seconds_of([&] {
    std::vector<troupe::future<numbers>> answers;
    for (const auto& each : all) answers.push_back(each.ask<&calculator::sums>(of));
    for (auto& each : answers) (void)each.get();
  });
  return alone * workers / together;
}

struct row {
  std::string way;
  double seconds;
  double speed_up;
  bool is_right;
};

std::string table_of(const std::vector<row>& rows, double most, unsigned workers) {
  std::string text = "                 seconds  speed-up  of the ceiling\n";
  std::array<char, 100> line{};
  for (const auto& each : rows) {
    std::snprintf(line.data(), line.size(), "%-15s  %7.2f  %8.2f  %14.2f\n", each.way.c_str(), each.seconds,
                  each.speed_up, each.speed_up / most);
    text += line.data();
  }
  std::snprintf(line.data(), line.size(),
                "the machine's own ceiling: %u processes do %.2f times as much as one\n", workers, most);
  return text + line.data();
}

troupe::summary cpu_bound(const settings& given, troupe::actor_system& system) {
  const auto workers = given.workers != 0 ? given.workers : troupe::available_cpus();
  const auto values = values_around(given.n);
  numbers expected;
  std::vector<row> rows;
  const auto measure = [&](const std::string& way, const std::function<numbers()>& work) {
    numbers sums;
    const auto seconds = seconds_of([&] { sums = work(); });
    if (rows.empty()) expected = sums;
    rows.push_back({way, seconds, rows.empty() ? 1.0 : rows.front().seconds / seconds, sums == expected});
  };
  measure("one by one", [&] { return one_by_one(values, system); });
  measure("threads", [&] { return by_threads(values, workers, system); });
  measure("processes", [&] { return by_processes(values, system); });
  troupe::pool pool{system, {.workers = workers}};
  measure("pool", [&] { return pool.map<sum_of_squares>(values, {.chunk_size = 1}); });
  const auto most = ceiling(values, rows.front().seconds, workers, system);

  boost::json::object json{{"workers", workers}, {"ceiling", most}};
  boost::json::array sums;
  for (const auto each : expected) sums.emplace_back(each);
  json["sums"] = sums;
  boost::json::array ways;
  for (const auto& each : rows)
    ways.push_back({{"way", each.way},
                    {"seconds", each.seconds},
                    {"speed_up", each.speed_up},
                    {"of_ceiling", each.speed_up / most},
                    {"right", each.is_right}});
  json["ways"] = ways;
  return {.json = boost::json::serialize(json), .text = table_of(rows, most, workers)};
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>(
        "cpu_bound", "Adds up squares one by one, by threads, processes and a pool.", cpu_bound)
        .group("Pools")
        .option("n", &settings::n, "how many squares a sum has, about", {.least = 0, .most = 1e12})
        .option("workers", &settings::workers, "threads, and processes of the pool; 0: one for each CPU",
                {.most = 256});

}  // namespace
