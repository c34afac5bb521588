// A tour of Troupe in ten sections: each a few lines that do something, and what came of it. To be read in this order:
// actors.cpp, together.cpp; here they are run.
#include "tour.hpp"

#include <troupe/launcher.hpp>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

namespace tour {

std::string decimals(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", number);
  return text.data();
}

namespace {

struct section {
  const char* title;
  lines (*run)(const settings& given, troupe::actor_system& system);
};

constexpr std::array<section, 10> sections{{{"Functions in processes", functions_in_processes},
                                            {"A class as an actor", a_class_as_an_actor},
                                            {"A queue", a_queue},
                                            {"A pipe", a_pipe},
                                            {"Timers", timers},
                                            {"Shared memory", shared_memory},
                                            {"A manager", a_manager},
                                            {"A pool, and threads", a_pool_and_threads},
                                            {"Errors and deaths", errors_and_deaths},
                                            {"A topology", a_topology}}};

troupe::summary tour(const settings& given, troupe::actor_system& system,
                     const troupe::launcher::show_progress& show) {
  const std::string rule(60, '-');
  std::string text;
  boost::json::array json;
  const auto began = std::chrono::steady_clock::now();
  for (std::size_t n = 0; n < sections.size(); ++n) {
    show({.nodes = {{"sections", n, sections.size()}}, .elapsed = std::chrono::steady_clock::now() - began});
    const auto& [title, run] = sections.at(n);
    const auto told = run(given, system);
    text += (n == 0 ? "" : "\n") + std::to_string(n + 1) + ". " + title + "\n" + rule + "\n";
    for (const auto& line : told) text += line + "\n";
    json.push_back({{"title", title}, {"lines", boost::json::value_from(told)}});
  }
  return {.json = boost::json::serialize(boost::json::object{{"sections", std::move(json)}}),
          .text = text + "\n"};
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>("tour", "All of it in one program of ten sections, to be read first.",
                                      tour)
        .group("Basics")
        .option("nap", &settings::nap, "how long a function sleeps that stands for work", {.least = 10})
        .option("steps", &settings::steps, "of arithmetic in each sum of squares");

}  // namespace
}  // namespace tour
