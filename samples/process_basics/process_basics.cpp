// Processes: functions and classes, one after another and side by side, what they are called, and how they end.
#include <troupe/launcher.hpp>
#include <troupe/this_actor.hpp>

#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

struct settings {
  std::chrono::milliseconds unit = 200ms;  // tutorials take a second
};

/// A function that is a process: it waits, as work would take its time, and ends.
void task(std::int64_t milliseconds) {
  std::cout << troupe::this_actor::name() << " works in process " << troupe::this_actor::pid() << std::endl;
  std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds});
}

/// A class that is a process: constructed there, and called by messages.
class greeter {
 public:
  explicit greeter(std::string greeting) : greeting_{std::move(greeting)} {}
  std::string greet(const std::string& whom) {
    return greeting_ + ", " + whom + ", for time " + std::to_string(++times_);
  }

 private:
  std::string greeting_;
  int times_ = 0;
};

void end_with_code(int code) { std::exit(code); }
void throw_something() { throw std::runtime_error{"nothing to do"}; }
void wait_for_ever() {
  for (;;) std::this_thread::sleep_for(1h);
}

template <class Work>
double seconds_of(const Work& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>{std::chrono::steady_clock::now() - began}.count();
}

std::string line(const std::string& what, double seconds) {
  return what + std::to_string(seconds).substr(0, 4) + " s\n";
}

/// So many tasks at once: each is started, then each is joined.
double side_by_side(troupe::actor_system& system, int count, std::chrono::milliseconds unit) {
  return seconds_of([&] {
    std::vector<troupe::process> all;
    for (int n = 1; n <= count; ++n)
      all.push_back(system.spawn<task>({.name = "task-" + std::to_string(n)}, unit.count()));
    for (const auto& each : all) each.join();
  });
}

boost::json::object describe(const troupe::process& whom, troupe::actor_system& system) {
  boost::json::object all{{"name", whom.name()}, {"pid", whom.pid()}, {"alive", whom.is_alive()}};
  for (const auto& each : system.actors()) {
    if (each.pid == whom.pid()) all["parent"] = each.parent.empty() ? "the program" : each.parent;
  }
  return all;
}

/// How processes end, each in its own way.
boost::json::array endings(troupe::actor_system& system, std::string& text) {
  std::vector<troupe::process> all{
      system.spawn<task>({.name = "returns"}, std::int64_t{0}),
      system.spawn<end_with_code>({.name = "exits"}, 3), system.spawn<throw_something>({.name = "throws"}),
      system.spawn<wait_for_ever>({.name = "terminated"}), system.spawn<wait_for_ever>({.name = "killed"})};
  all[3].terminate();
  all[4].kill();
  boost::json::array ends;
  for (const auto& each : all) {
    const auto status = each.join();
    text += each.name() + ": " + to_string(status) + "\n";
    ends.push_back({{"name", each.name()},
                    {"exit", to_string(status)},
                    {"code", status.code},
                    {"alive", each.is_alive()}});
  }
  return ends;
}

troupe::summary process_basics(const settings& given, troupe::actor_system& system) {
  const auto in_sequence = seconds_of([&] {
    for (int n = 1; n <= 2; ++n) (void)side_by_side(system, 1, given.unit);
  });
  const auto in_parallel = side_by_side(system, 2, given.unit);
  const auto five = side_by_side(system, 5, given.unit);
  std::string text = line("two tasks, one after the other: ", in_sequence) +
                     line("two tasks, side by side: ", in_parallel) +
                     line("five tasks, side by side: ", five);

  const auto polite = system.spawn<greeter>({.name = "greeter"}, "Good morning");
  (void)polite.ask<&greeter::greet>("Ada").get();
  const auto greeting = polite.ask<&greeter::greet>("Bob").get();
  const auto about = describe(polite, system);
  text += greeting + ", says " + polite.name() + ", process " + std::to_string(polite.pid()) + "\n";
  polite.stop();
  polite.join();
  text += polite.name() + (polite.is_alive() ? " is alive\n" : " has ended\n");

  const auto ends = endings(system, text);
  const boost::json::object json{{"sequence_seconds", in_sequence},
                                 {"parallel_seconds", in_parallel},
                                 {"five_seconds", five},
                                 {"greeting", greeting},
                                 {"greeter", about},
                                 {"ends", ends}};
  return {.json = boost::json::serialize(json), .text = text};
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>("process_basics", "Starts, joins and ends processes.", process_basics)
        .group("First steps")
        .option("unit", &settings::unit, "how long each task takes", {.least = 0, .most = 60'000});

}  // namespace
