// The second half of the tour: what processes share, and how they work together.
#include <troupe/manager.hpp>
#include <troupe/mutex.hpp>
#include <troupe/pool.hpp>
#include <troupe/shared_array.hpp>
#include <troupe/shared_value.hpp>
#include <troupe/topology.hpp>
#include <troupe/troupe.hpp>

#include "tour.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace tour {

// 6. Processes share memory where they ask for it. It has no name, and goes with its last holder. A lock's holder that dies
// holds up nobody.

void count_and_fill(troupe::mutex lock, troupe::shared_value<int> count, troupe::shared_array<int> array,
                    int index) {
  for (int n = 0; n < 1000; ++n) {
    const std::lock_guard guard{lock};
    ++*count;
  }
  array[static_cast<std::size_t>(index)] = index * index;
}

lines shared_memory(const settings&, troupe::actor_system& system) {
  const troupe::mutex lock;
  const troupe::shared_value<int> count{0};
  const troupe::shared_array<int> array{5};
  std::vector<troupe::process> workers;
  for (int n = 0; n < 5; ++n) workers.push_back(system.spawn<count_and_fill>(lock, count, array, n));
  for (const auto& each : workers) each.join();
  return {"five processes counted to " + std::to_string(*count),
          "and filled an array: " + listed(array.span())};
}

// 7. A manager keeps objects for several processes; each operation is atomic.

void vote(troupe::dict<std::string, int> votes, troupe::list<std::string> voters, std::string whom) {
  votes.add(whom, 1);
  voters.push_back(troupe::this_actor::name());
}

lines a_manager(const settings&, troupe::actor_system& system) {
  const troupe::manager shared{system};
  const auto votes = shared.make_dict<std::string, int>();
  const auto voters = shared.make_list<std::string>();
  std::vector<troupe::process> all;
  for (const char* whom : {"Ada", "Grace", "Ada"}) all.push_back(system.spawn<vote>(votes, voters, whom));
  for (const auto& each : all) each.join();
  lines told;
  for (const auto& [name, count] : votes.items()) told.push_back(name + " has " + std::to_string(count));
  told.push_back(std::to_string(voters.size()) + " have voted");
  return told;
}

// 8. A pool: workers that are started once, for functions over many values. Threads do the same as fast, and share their
// crashes; see the next section.

std::uint64_t sum_of_squares(std::uint64_t below) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < below; ++i) {
    volatile std::uint64_t square = i * i;  // so that it is computed, not derived
    sum += square;
  }
  return sum;
}

lines a_pool_and_threads(const settings& given, troupe::actor_system& system) {
  troupe::pool pool{system};
  lines told{"squares in order: " +
             listed(pool.map([](int x) { return x * x; }, std::vector{0, 1, 2, 3, 4}))};
  std::vector<troupe::future<std::int64_t>> naps;
  for (const int tenths : {9, 1}) {
    naps.push_back(
        pool.submit([](std::int64_t of, std::chrono::milliseconds time) { return take_a_nap(time), of; },
                    tenths, given.nap * tenths / 10));
  }
  std::vector<std::int64_t> order;
  for (auto& done : troupe::as_completed(naps)) order.push_back(done.get());
  told.push_back("answers as they come: " + listed(order));

  const std::vector<std::uint64_t> sizes(4, given.steps);
  std::vector<std::uint64_t> one, threads(4), processes;
  const auto alone = seconds_of([&] {
    for (const auto size : sizes) one.push_back(sum_of_squares(size));
  });
  const auto by_threads = seconds_of([&] {
    std::vector<std::thread> all;
    for (std::size_t n = 0; n < 4; ++n) all.emplace_back([&, n] { threads[n] = sum_of_squares(sizes[n]); });
    for (auto& each : all) each.join();
  });
  const auto by_processes =
      seconds_of([&] { processes = pool.map<sum_of_squares>(sizes, {.chunk_size = 1}); });
  told.push_back("four sums of squares: one after another " + decimals(alone) + " s, threads " +
                 decimals(by_threads) + " s, a pool of " + std::to_string(pool.size()) + " " +
                 decimals(by_processes) + " s");
  told.push_back(one == threads && one == processes ? "all came to the same" : "they do not agree");
  return told;
}

// 9. Errors reach whoever asked, and a death is an error like another. Nobody else is harmed.

class fragile {
 public:
  int half_of(int n) const {
    if (n % 2 != 0) throw std::invalid_argument{std::to_string(n) + " is odd"};
    return n / 2;
  }
  void wait_for_ever() const { std::this_thread::sleep_for(std::chrono::hours{1}); }
};

lines errors_and_deaths(const settings&, troupe::actor_system& system) {
  lines told;
  const auto actor = system.spawn<fragile>({.name = "fragile"});
  try {
    actor.ask<&fragile::half_of>(3).get();
  } catch (const std::invalid_argument& problem) {
    told.push_back(std::string{"std::invalid_argument: "} + problem.what());
  }
  told.push_back("it lives on: half of 4 is " + std::to_string(actor.ask<&fragile::half_of>(4).get()));
  auto answer = actor.ask<&fragile::wait_for_ever>();
  actor.kill();
  try {
    answer.get();
  } catch (const troupe::actor_down&) {
    told.push_back("the answer will not come: " + to_string(actor.join()));
  }
  return told;
}

// 10. A topology: sources, stages and sinks as a graph. Ends and errors flow along its edges.

class numbers {
 public:
  std::optional<int> next(std::uint64_t position) const {
    return position < 1000 ? std::optional{static_cast<int>(position)} : std::nullopt;
  }
};
class squarer {
 public:
  void operator()(const int& n, troupe::outlet<std::int64_t>& out) const { out.emit(std::int64_t{n} * n); }
};
class adder {
 public:
  void operator()(const std::int64_t& n) { sum_ += n; }
  std::int64_t result() const { return sum_; }

 private:
  std::int64_t sum_ = 0;
};

lines a_topology(const settings&, troupe::actor_system& system) {
  troupe::topology graph{"squares"};
  const auto from = graph.source<numbers>("numbers");
  const auto square = graph.stage<squarer>("square", {.replicas = 3});
  const auto add = graph.sink<adder>("add");
  graph.connect(from, square);
  graph.connect(square, add);
  graph.conclude(add, [](const std::vector<std::int64_t>& sums, const troupe::run_report&) {
    return troupe::summary{.text = std::to_string(sums.front())};
  });
  const auto report = graph.run(system);
  return {std::to_string(report.items.in) + " numbers in, " + std::to_string(report.items.out) + " out, " +
              std::to_string(report.items.lost) + " lost",
          "the sum of their squares is " + report.result.text};
}

}  // namespace tour
