// Numbers pass three stages: doubled, squared, summed up. First one stage after another, each on all the numbers at once;
// then as a stream, in which the stages work side by side on different numbers, and a slow one holds up those before it.
#include <troupe/launcher.hpp>
#include <troupe/pool.hpp>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

struct settings {
  std::uint64_t items = 10;
  std::chrono::milliseconds work = 10ms;
  unsigned slower = 2;
  std::uint64_t capacity = 1;
  std::uint64_t kills = 0;
  std::uint64_t seed = 1;
};

/// The clock of the machine: all processes have the same.
double now() {
  return std::chrono::duration<double>{std::chrono::steady_clock::now().time_since_epoch()}.count();
}

/// A number on its way, and when each stage began and ended its work on it, in seconds.
struct traced {
  std::uint64_t position = 0;
  std::uint64_t value = 0;
  std::array<double, 3> entered{};
  std::array<double, 3> left{};
};

/// A stage's work on one number; it takes its time.
template <std::size_t Stage>
void pass(traced& number, std::chrono::milliseconds work) {
  number.entered[Stage] = now();
  std::this_thread::sleep_for(work);
  if (Stage == 0) number.value *= 2;
  if (Stage == 1) number.value *= number.value;
  number.left[Stage] = now();
}

// One stage after another: functions that take all the numbers, and give all of them back.

template <std::size_t Stage>
std::vector<traced> pass_all(std::vector<traced> numbers, std::chrono::milliseconds work) {
  for (auto& each : numbers) pass<Stage>(each, work);
  return numbers;
}

// The stream: the stages are actors, which take the numbers as they come.

class numbers {
 public:
  explicit numbers(std::uint64_t count) : count_{count} {}
  std::optional<traced> next(std::uint64_t position) const {
    if (position == count_) return std::nullopt;
    return traced{.position = position, .value = position};
  }

 private:
  std::uint64_t count_;
};

template <std::size_t Stage>
class stage {
 public:
  explicit stage(std::chrono::milliseconds work) : work_{work} {}
  void operator()(traced number, troupe::outlet<traced>& out) const {
    pass<Stage>(number, work_);
    out.emit(number);
  }

 private:
  std::chrono::milliseconds work_;
};

class adder {
 public:
  explicit adder(std::chrono::milliseconds work) : work_{work} {}
  void operator()(traced number) {
    pass<2>(number, work_);
    seen_.push_back(number);
  }
  std::vector<traced> result() const { return seen_; }

 private:
  std::chrono::milliseconds work_;
  std::vector<traced> seen_;
};

/// What became of the numbers on one of the two ways.
struct outcome {
  std::uint64_t sum = 0;
  double seconds = 0;  ///< from the first stage's beginning to the last one's end
  std::size_t in_flight =
      0;  ///< most numbers at a time that had entered the first stage and not left the last
  std::size_t side_by_side = 0;  ///< most stages at a time that were at work
  std::vector<traced> trace;
  std::optional<troupe::run_report> report{};  ///< of the stream
};

/// The greatest number of intervals that have a moment in common.
std::size_t most_at_a_time(const std::vector<std::pair<double, double>>& intervals) {
  std::vector<std::pair<double, int>> changes;
  for (const auto& [from, to] : intervals) {
    changes.emplace_back(from, 1);
    changes.emplace_back(to, -1);
  }
  std::sort(changes.begin(), changes.end());  // at one moment the ends come first
  int now = 0, most = 0;
  for (const auto& [when, change] : changes) most = std::max(most, now += change);
  return static_cast<std::size_t>(most);
}

outcome told_by(std::vector<traced> trace) {
  outcome all;
  std::vector<std::pair<double, double>> stays, work;
  for (const auto& each : trace) {
    all.sum += each.value;
    stays.emplace_back(each.entered.front(), each.left.back());
    for (std::size_t n = 0; n < 3; ++n) work.emplace_back(each.entered.at(n), each.left.at(n));
  }
  if (!trace.empty()) all.seconds = trace.back().left.back() - trace.front().entered.front();
  all.in_flight = most_at_a_time(stays);
  all.side_by_side = most_at_a_time(work);
  all.trace = std::move(trace);
  return all;
}

outcome one_after_another(const settings& given, troupe::actor_system& system) {
  std::vector<traced> all(given.items);
  for (std::uint64_t n = 0; n < given.items; ++n) all[n] = {.position = n, .value = n};
  troupe::pool pool{system, {.workers = 1, .name = "stage"}};
  all = pool.submit<pass_all<0>>(all, given.work).get();
  all = pool.submit<pass_all<1>>(all, given.work).get();
  all = pool.submit<pass_all<2>>(all, given.work * given.slower).get();
  return told_by(std::move(all));
}

outcome as_a_stream(const settings& given, troupe::actor_system& system) {
  troupe::topology graph{"data_pipeline"};
  const auto source = graph.source<numbers>("numbers", given.items);
  const auto doubled = graph.stage<stage<0>>("double", given.work);
  const auto squared = graph.stage<stage<1>>("square", given.work);
  const auto summed = graph.sink<adder>("sum", given.work * given.slower);
  const troupe::by_queue bounded{.capacity = given.capacity};  // full, it makes the stage behind it wait
  graph.connect(source, doubled, bounded);
  graph.connect(doubled, squared, bounded);
  graph.connect(squared, summed, bounded);
  outcome all;
  graph.conclude(summed, [&](const std::vector<std::vector<traced>>& sinks, const troupe::run_report&) {
    all = told_by(sinks.at(0));
    return troupe::summary{.json = std::to_string(all.sum), .text = {}};
  });
  troupe::run_options options;
  if (given.kills != 0) options.chaos = troupe::chaos_options{.kills = given.kills, .seed = given.seed};
  all.report = graph.run(system, options);
  if (!all.report->ok)
    throw std::runtime_error{all.report->errors.empty() ? "items were lost" : all.report->errors.front()};
  return all;
}

/// A line for each number, a column for each slice of time: the stage that works on it then, a dot while it waits for one.
std::string picture(const outcome& run, double slice) {
  std::string text;
  for (const auto& number : run.trace) {
    std::string line = std::to_string(number.position);
    line.insert(0, line.size() < 4 ? 4 - line.size() : 0, ' ');
    line += "  ";
    const auto column = [&, start = line.size()](double when) {
      return start + static_cast<std::size_t>(std::lround((when - run.trace.front().entered[0]) / slice));
    };
    line.resize(column(number.entered[0]), ' ');
    for (std::size_t n = 0; n < 3; ++n) {
      line.resize(std::max(line.size(), column(number.entered.at(n))), '.');
      line.resize(std::max(line.size() + 1, column(number.left.at(n))), static_cast<char>('1' + n));
    }
    text += line + "\n";
  }
  return text;
}

std::string line_about(const char* name, const outcome& run) {
  std::array<char, 160> text{};
  std::snprintf(text.data(), text.size(), "%s: sum %llu in %.2f s; at most %zu in flight, %zu side by side\n",
                name, static_cast<unsigned long long>(run.sum), run.seconds, run.in_flight, run.side_by_side);
  return text.data();
}

boost::json::object json_of(const outcome& run) {
  boost::json::array trace;
  const double start = run.trace.empty() ? 0 : run.trace.front().entered[0];
  for (const auto& each : run.trace) {
    boost::json::array stages;
    for (std::size_t n = 0; n < 3; ++n)
      stages.push_back({{"entered", each.entered.at(n) - start}, {"left", each.left.at(n) - start}});
    trace.push_back({{"position", each.position}, {"value", each.value}, {"stages", std::move(stages)}});
  }
  return {{"sum", run.sum},
          {"seconds", run.seconds},
          {"in_flight", run.in_flight},
          {"side_by_side", run.side_by_side},
          {"trace", std::move(trace)}};
}

/// What the deaths came to.
boost::json::object json_of(const troupe::run_report& report) {
  const auto& [in, out, failed, lost, repeated_starts, completed_twice] = report.items;
  return {{"chaos",
           {{"kills", report.chaos.kills},
            {"seed", report.chaos.seed},
            {"passes", report.chaos.passes},
            {"healed", report.chaos.healed},
            {"restarts", report.chaos.restarts},
            {"differing", report.chaos.differing}}},
          {"items",
           {{"in", in},
            {"out", out},
            {"failed", failed},
            {"lost", lost},
            {"repeated_starts", repeated_starts},
            {"completed_twice", completed_twice}}}};
}

troupe::summary data_pipeline(const settings& given, troupe::actor_system& system) {
  const auto first = one_after_another(given, system);
  const auto second = as_a_stream(given, system);
  if (first.sum != second.sum) throw std::runtime_error{"the two ways do not come to the same sum"};
  std::string text = line_about("one stage after another", first);
  const bool is_drawn = given.items <= 20 && given.work > 0ms;
  const double slice = std::chrono::duration<double>{given.work}.count() / 2;
  if (is_drawn) text += picture(first, slice);
  text += line_about("as a stream", second);
  if (is_drawn) text += picture(second, slice);
  boost::json::object json{{"items", given.items},
                           {"equal", first.sum == second.sum},
                           {"one_after_another", json_of(first)},
                           {"stream", json_of(second)}};
  if (given.kills != 0) {
    text += "under fire: " + std::to_string(second.report->chaos.kills) + " killed, " +
            std::to_string(second.report->items.lost) + " items lost\n";
    json["under_fire"] = json_of(*second.report);
  }
  return {.json = boost::json::serialize(json), .text = text};
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>(
        "data_pipeline", "Three stages over numbers, one after another and as a stream.", data_pipeline)
        .group("Pipelines")
        .option("items", &settings::items, "numbers that pass the stages", {.most = 100'000})
        .option("work", &settings::work, "how long a stage takes for a number", {.least = 0})
        .option("slower", &settings::slower, "so many times as long the last stage takes",
                {.least = 1, .most = 1000})
        .option("capacity", &settings::capacity, "numbers that may wait before a stage of the stream",
                {.least = 1, .most = 1'000'000})
        .option("kills", &settings::kills,
                "repeats the stream until so many of its processes were killed at work")
        .option("seed", &settings::seed, "of whom, and when");

}  // namespace
