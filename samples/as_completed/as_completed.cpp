// Answers in the order in which they come, whatever the order in which they were asked for.
#include <troupe/launcher.hpp>
#include <troupe/pool.hpp>

#include <boost/json.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

struct settings {
  std::chrono::milliseconds unit = 200ms;
  unsigned tasks = 3;
};

/// Takes its time, and says how much.
unsigned sleep_units(unsigned units, std::int64_t milliseconds_each) {
  std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds_each} * units);
  return units;
}

troupe::summary as_completed(const settings& given, troupe::actor_system& system) {
  troupe::pool pool{system, {.workers = given.tasks, .name = "sleeper"}};
  const auto began = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>{std::chrono::steady_clock::now() - began}.count();
  };

  std::vector<troupe::future<unsigned>> answers;
  for (unsigned units = given.tasks; units >= 1; --units)  // the longest first
    answers.push_back(pool.submit<sleep_units>(units, given.unit.count()));

  std::string text;
  boost::json::array order;
  for (auto& done : troupe::as_completed(answers)) {
    const auto units = done.get();
    order.emplace_back(units);
    text += "the task of " + std::to_string(units) + (units == 1 ? " unit" : " units") + " is done\n";
  }
  const auto all = seconds();
  text += "all of them took the time of the longest: " + std::to_string(all).substr(0, 4) + " s\n";
  const boost::json::object json{{"order", order},
                                 {"unit_seconds", std::chrono::duration<double>{given.unit}.count()},
                                 {"seconds", all}};
  return {.json = boost::json::serialize(json), .text = text};
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>("as_completed", "Takes answers in the order in which they come.",
                                      as_completed)
        .group("Pools")
        .option("unit", &settings::unit, "how long a unit of sleep is", {.least = 0, .most = 60'000})
        .option("tasks", &settings::tasks, "tasks, of as many units each as its number",
                {.least = 1, .most = 64});

}  // namespace
