// Five processes count in shared memory, with a lock and, wrongly, without; and fill an array, each its part of it.
#include <troupe/launcher.hpp>
#include <troupe/troupe.hpp>

#include <boost/json.hpp>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace {

using counter = troupe::shared_value<std::uint64_t>;

/// Reads, adds one and writes, which are three steps: under the lock nobody comes in between.
void count_with_lock(const counter& total, const troupe::mutex& lock, std::uint64_t times) {
  for (std::uint64_t i = 0; i < times; ++i) {
    const std::lock_guard guard{lock};
    *total = *total + 1;
  }
}

/// The same without the lock: what another process wrote between the reading and the writing is lost. They meet once in
/// between, so that the mistake shows every time, not only on a bad day.
void count_without_lock(const counter& total, const troupe::barrier& meeting, std::uint64_t times) {
  for (std::uint64_t i = 0; i < times; ++i) {
    volatile std::uint64_t& shared = *total;
    const std::uint64_t before = shared;
    if (i == 0) (void)meeting.wait();
    shared = before + 1;
  }
}

/// No lock, and right: the machine adds in one step.
void count_atomically(const counter& total, std::uint64_t times) {
  for (std::uint64_t i = 0; i < times; ++i) total.fetch_add(1);
}

/// Every process writes other elements: there is nothing to lock.
void fill(const troupe::shared_array<double>& squares, std::size_t part, std::size_t parts) {
  for (std::size_t i = part; i < squares.size(); i += parts) squares[i] = static_cast<double>(i * i);
}

// --- The job ----------------------------------------------------------------------------------------------------------

struct settings {
  std::size_t processes = 5;
  std::uint64_t additions = 20'000;
  std::size_t elements = 20;
};

void join_all(const std::vector<troupe::process>& all) {
  for (const auto& each : all) {
    if (const auto end = each.join(); !end.ok())
      throw std::runtime_error{each.name() + " ended by " + to_string(end)};
  }
}

template <class Spawn>
void in_processes(std::size_t count, const Spawn& spawn) {
  std::vector<troupe::process> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(spawn(i));
  join_all(all);
}

troupe::summary shared_memory(const settings& given, troupe::actor_system& system) {
  const troupe::mutex lock;
  const troupe::barrier meeting{static_cast<std::ptrdiff_t>(given.processes)};
  const counter right{0}, wrong{0}, atomic{0};
  const troupe::shared_array<double> squares{given.elements};

  in_processes(given.processes,
               [&](auto) { return system.spawn<count_with_lock>(right, lock, given.additions); });
  in_processes(given.processes,
               [&](auto) { return system.spawn<count_without_lock>(wrong, meeting, given.additions); });
  in_processes(given.processes,
               [&](auto) { return system.spawn<count_atomically>(atomic, given.additions); });
  in_processes(given.processes,
               [&](std::size_t i) { return system.spawn<fill>(squares, i, given.processes); });

  const auto expected = given.processes * given.additions;
  std::string text =
      std::to_string(given.processes) + " processes, each adding 1 " + std::to_string(given.additions) +
      " times: " + std::to_string(expected) + "\nwith a lock        " + std::to_string(*right) +
      "\nwithout the lock   " + std::to_string(*wrong) + "   (" + std::to_string(expected - *wrong) +
      " additions lost)\natomic additions   " + std::to_string(*atomic) + "\nthe array          ";
  boost::json::array elements;
  for (const double each : squares) {
    elements.emplace_back(each);
    if (elements.size() <= 20)
      text += (elements.size() == 1 ? "" : " ") + std::to_string(static_cast<long>(each));
  }
  text += elements.size() > 20 ? " ...\n" : "\n";
  const boost::json::object json{{"expected", expected},      {"with_lock", *right}, {"without_lock", *wrong},
                                 {"lost", expected - *wrong}, {"atomic", *atomic},   {"array", elements}};
  return {.json = boost::json::serialize(json), .text = text};
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>(
        "shared_memory", "Counts in shared memory with a lock and without, and fills a shared array.",
        shared_memory)
        .group("Shared state")
        .option("processes", &settings::processes, "processes that count and fill", {.least = 1, .most = 64})
        .option("additions", &settings::additions, "how often each of them adds 1", {.least = 1})
        .option("elements", &settings::elements, "of the array");

}  // namespace
