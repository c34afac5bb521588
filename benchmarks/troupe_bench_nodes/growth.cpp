// growth: with 2, 4 and 8 nodes, what one of them takes, and what 500 actors on all of them cost. Metrics are named `what@nodes`.
#include "nodes.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t actors = 500;

class pebble {
 public:
  int same(int number) const { return number; }
};

std::filesystem::path about(int pid) { return "/proc/" + std::to_string(pid); }

double private_kibibytes(int pid) {
  std::ifstream rollup{about(pid) / "smaps_rollup"};
  double sum = 0;
  for (std::string word; rollup >> word;) {
    double amount = 0;
    if ((word == "Private_Clean:" || word == "Private_Dirty:") && rollup >> amount) sum += amount;
  }
  return sum;
}

std::size_t entries_of(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{folder}, {}));
}

/// Clock ticks that it has had a core for.
double ticks(int pid) {
  constexpr int before = 13;
  std::ifstream stat{about(pid) / "stat"};
  std::string word;
  for (int i = 0; i < before; ++i) stat >> word;
  double user = 0, system = 0;
  stat >> user >> system;
  return user + system;
}

double milliseconds_since(clock::time_point began) {
  return std::chrono::duration<double, std::milli>(clock::now() - began).count();
}

void grow_to(std::size_t count) {
  const auto name = [count](const char* what) { return what + ("@" + std::to_string(count)); };
  const auto began = clock::now();
  network nodes{count};
  report("growth", name("start_and_join"), milliseconds_since(began), "ms");
  const auto gateway = nodes.gateway(count - 1);

  constexpr auto quiet = std::chrono::seconds{5};
  const auto before = ticks(gateway);
  std::this_thread::sleep_for(quiet);
  const auto idle = (ticks(gateway) - before) * 10 / static_cast<double>(quiet.count());
  report("growth", name("idle_gateway_cpu"), idle, "ms/s");
  report("growth", name("gateway_private"), private_kibibytes(gateway), "KiB");
  report("growth", name("gateway_descriptors"), static_cast<double>(entries_of(about(gateway) / "fd")),
         "count");
  report("growth", name("gateway_threads"), static_cast<double>(entries_of(about(gateway) / "task")),
         "count");

  std::vector<troupe::actor<pebble>> all;
  const auto spawning = clock::now();
  for (std::size_t i = 0; i < actors; ++i)
    all.push_back(nodes.system(0).spawn<pebble>({.on = nodes.node(1 + i % (count - 1)).self()}));
  report("growth", name("spawn_500"), milliseconds_since(spawning), "ms");
  const auto asking = clock::now();
  std::vector<troupe::future<int>> answers;
  for (const auto& each : all) answers.push_back(each.ask<&pebble::same>(1));
  for (auto& each : answers) check(each.get() == 1, "every actor answers");
  report("growth", name("ask_500"), milliseconds_since(asking), "ms");
  report("growth", name("gateway_private_with_actors"), private_kibibytes(nodes.gateway(0)), "KiB");
}

}  // namespace

void nodes_growth() {
  for (const std::size_t count : {2U, 4U, 8U}) grow_to(count);
}

}  // namespace bench
