// What the sections of the tour have in common.
#pragma once

#include <troupe/actor_system.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace tour {

struct settings {
  std::chrono::milliseconds nap = std::chrono::milliseconds{100};
  std::uint64_t steps = 40'000'000;
};

/// What came of a section.
using lines = std::vector<std::string>;

// In actors.cpp.
lines functions_in_processes(const settings& given, troupe::actor_system& system);
lines a_class_as_an_actor(const settings& given, troupe::actor_system& system);
lines a_queue(const settings& given, troupe::actor_system& system);
lines a_pipe(const settings& given, troupe::actor_system& system);
lines timers(const settings& given, troupe::actor_system& system);

// In together.cpp.
lines shared_memory(const settings& given, troupe::actor_system& system);
lines a_manager(const settings& given, troupe::actor_system& system);
lines a_pool_and_threads(const settings& given, troupe::actor_system& system);
lines errors_and_deaths(const settings& given, troupe::actor_system& system);
lines a_topology(const settings& given, troupe::actor_system& system);

/// Stands for work.
inline void take_a_nap(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

template <class Work>
double seconds_of(const Work& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>{std::chrono::steady_clock::now() - began}.count();
}

/// With two decimals.
std::string decimals(double number);

template <class Numbers>
std::string listed(const Numbers& numbers) {
  std::string text;
  for (const auto& each : numbers) text += (text.empty() ? "" : " ") + std::to_string(each);
  return text;
}

}  // namespace tour
