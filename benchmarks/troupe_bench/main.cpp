// troupe-bench: what Troupe's own parts cost, in lines `workload,metric,value,unit`.
#include <troupe/troupe.hpp>

#include "workloads.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <functional>
#include <iostream>
#include <span>
#include <string>
#include <system_error>
#include <vector>

namespace bench {

std::span<const workload> workloads() {
  static const std::array<workload, 11> all{{
      {"W1", "ask: 64 bytes there and back between the host's main thread and an actor; also on busy cores",
       ask_round_trip},
      {"W2", "tell: 64-byte messages one way, from the first send to the last receipt", tell_stream},
      {"W3", "tell: 1 MiB one way, as a vector, as a view of one, and in shared_buffers", bulk_large},
      {"W3b", "the same with 64 KiB", bulk_medium},
      {"W4", "queue: one producer, two consumers, until all items are consumed", queue_fan_out},
      {"W5", "spawn: start an actor, ask it once, stop it, join it", spawn_and_stop},
      {"W6", "pool: an ordered map of the square over 100,000 numbers, two workers", map_squares},
      {"W7", "pool: five heavy sums on two workers, against one process alone", heavy_map},
      {"W8", "64 MiB of doubles from an actor to the host, as a vector and as a shared_buffer", array_back},
      {"W9",
       "kill -9 in the middle of calls, of a map, and of a pipeline: until the error, and the next answer",
       deaths},
      {"W10", "asks of 1 to 16 of the host's threads at once, on one actor and on several", asking_threads},
  }};
  return all;
}

}  // namespace bench

namespace {

// Exit statuses: the runner that compares programs goes by these.
constexpr int all_well = 0;
constexpr int no_such_workload = 2;
constexpr int failed = 3;

void print_help() {
  std::cout << "usage: troupe-bench [WORKLOAD...]\n"
               "       troupe-bench growth [ACTORS...]\n\n"
               "Prints `workload,metric,value,unit` lines for each workload named, or for all:\n\n";
  for (const auto& known : bench::workloads()) {
    std::cout << "  " << known.name << std::string(5 - known.name.size(), ' ') << known.what << '\n';
  }
  std::cout
      << "\ngrowth is not among all: it starts 10, 100, 1000 actors, or as many as are named, and says what\n"
         "they cost; or which limit was met.\n"
         "\nWith PEER_QUICK in the environment the runs are smaller. Exit status: 0; 2 for a workload\n"
         "that there is not; 3 where a check or a run failed.\n";
}

const bench::workload* find(const std::string& name) {
  const auto all = bench::workloads();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& known) { return known.name == name; });
  return found == all.end() ? nullptr : &*found;
}

/// Runs it, and says on standard error what went wrong.
int attempt(const std::string& name, const std::function<void()>& run) {
  try {
    run();
    return all_well;
  } catch (const std::exception& problem) {
    std::cerr << "troupe-bench: " << name << ": " << problem.what() << '\n';
    return failed;
  }
}

int grow(std::span<const std::string> arguments) {
  std::vector<std::size_t> counts;
  for (const auto& text : arguments) {
    std::size_t count = 0;
    const auto* const end = text.data() + text.size();
    if (const auto read = std::from_chars(text.data(), end, count);
        read.ec != std::errc{} || read.ptr != end || count < 2) {
      std::cerr << "troupe-bench: growth takes numbers from 2 on, not '" << text << "' (see --help)\n";
      return no_such_workload;
    }
    counts.push_back(count);
  }
  if (counts.empty()) counts = {10, 100, 1000};
  return attempt("growth", [&] { bench::growth(counts); });
}

}  // namespace

int main(int argc, char** argv) {
  troupe::guard(argc, argv);
  const std::vector<std::string> names{argv + 1, argv + argc};
  if (!names.empty() && names.front() == "growth") return grow(std::span{names}.subspan(1));
  std::vector<const bench::workload*> chosen;
  for (const auto& name : names) {
    if (name == "--help" || name == "-h") {
      print_help();
      return all_well;
    }
    chosen.push_back(find(name));
    if (chosen.back() == nullptr) {
      std::cerr << "troupe-bench: no workload '" << name << "' (see --help)\n";
      return no_such_workload;
    }
  }
  if (chosen.empty()) {
    for (const auto& known : bench::workloads()) chosen.push_back(&known);
  }
  for (const auto* workload : chosen) {
    if (const auto status = attempt(workload->name, workload->run); status != all_well) return status;
  }
  return all_well;
}
