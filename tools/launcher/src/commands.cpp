#include "commands.hpp"

#include "progress_line.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace troupe::launcher {

namespace {

std::shared_ptr<void> settings_of(const detail::definition& which, const given_options& given) {
  auto settings = which.default_settings();
  for (const auto& option : which.options) {
    if (const auto found = given.find(option.name); found != given.end())
      option.set(settings.get(), found->second);
  }
  return settings;
}

std::string decimals(double seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", seconds);
  return text.data();
}

std::string summary_line(const run_report& report) {
  const auto& items = report.items;
  std::string line =
      report.topology + ": " + std::to_string(items.in) + " in, " + std::to_string(items.out) + " out";
  if (items.failed > 0) line += ", " + std::to_string(items.failed) + " failed";
  if (items.lost > 0) line += ", " + std::to_string(items.lost) + " lost";
  return line + "; " + std::to_string(report.actors.size()) + " processes; " + decimals(report.seconds) +
         " s\n";
}

std::string times(std::uint64_t count, const std::string& what) {
  const auto* const ending = count == 1 ? "" : what.ends_with("ss") ? "es" : "s";
  return std::to_string(count) + " " + what + ending;
}

/// Of a run with deaths, on purpose or not.
std::string chaos_line(const run_report& report) {
  const auto& chaos = report.chaos;
  if (chaos.kills + chaos.stops + chaos.healed + chaos.restarts == 0) return {};
  std::string line = report.topology + ": " + times(chaos.kills, "kill") + ", " + times(chaos.stops, "pause");
  line += "; " + times(chaos.healed, "process") + " replaced, ";
  line += times(chaos.restarts, "restart") + " from the sources, in " + times(chaos.passes, "pass");
  return line + "; seed " + std::to_string(chaos.seed) + "\n";
}

/// The faults that the command line asks for. `--stop` alone pauses as many as one would notice.
std::optional<chaos_options> chaos_of(const run_flags& flags) {
  constexpr std::uint64_t some = 20;
  if (!flags.kills && !flags.stop && !flags.slow) return std::nullopt;
  chaos_options chaos;
  chaos.kills = flags.kills.value_or(0);
  if (flags.stop) chaos.stops = std::max(chaos.kills, some);
  chaos.slow = flags.slow;
  chaos.seed = flags.seed;
  return chaos;
}

/// While a job or a topology runs: what `launcher::nodes` says, and whether it has been asked.
std::vector<placement> places_for_work;
bool places_were_asked_for = false;

/// Runs `work` in a system of its own, which has joined the nodes that it is to work on; it is given the system and the line
/// that shows how far it has come.
template <class Work>
auto run_in_system(const run_flags& flags, const Work& work) {
  // With --json standard output is one object, so what actors print has no place there.
  actor_system system{{.output = flags.as_json ? output::discard : output::tagged}};
  system.handle_signals();
  progress_line line;
  try {
    joined_nodes others;
    if (!flags.on.join.empty()) others = join_nodes(system, flags.on);
    places_for_work = others.places;
    auto result = work(system, line);
    if (system.interrupted_by() == 0) return result;
  } catch (const std::exception&) {
    if (system.interrupted_by() == 0) throw;
  }
  throw interrupted{system.interrupted_by()};
}

std::string job_json(const std::string& name, double seconds, const summary& of) {
  boost::json::error_code problem;
  auto value = of.json.empty() ? boost::json::value{} : boost::json::parse(of.json, problem);
  if (problem) value = boost::json::string{of.json};
  return boost::json::serialize(
      boost::json::object{{"job", name},
                          {"ok", of.errors.empty()},
                          {"errors", boost::json::array(of.errors.begin(), of.errors.end())},
                          {"seconds", seconds},
                          {"result", std::move(value)}});
}

}  // namespace

std::vector<placement> nodes() {
  places_were_asked_for = true;
  return places_for_work;
}

int finished(bool ok) {
  if (!std::cout.flush()) throw std::runtime_error{"standard output could not be written"};
  return ok ? 0 : 1;
}

std::string text_of(const std::exception& problem) {
  constexpr std::string_view library = "troupe: ";
  const std::string text = problem.what();
  return text.starts_with(library) ? text.substr(library.size()) : text;
}

int list_topologies() {
  const auto all = catalogue();
  std::vector<std::string> groups;
  std::size_t width = 0;
  for (const auto& each : all) {
    width = std::max(width, each->name.size());
    if (std::find(groups.begin(), groups.end(), each->group) == groups.end()) groups.push_back(each->group);
  }
  std::sort(groups.begin(), groups.end());
  for (const auto& group : groups) {
    if (!group.empty()) std::cout << group << ":\n";
    for (const auto& each : all) {
      if (each->group != group) continue;
      std::cout << "  " << each->name << std::string(width - each->name.size() + 2, ' ') << each->help
                << '\n';
    }
  }
  return finished(true);
}

int run_topology(const std::string& program, const detail::definition& which, const given_options& given,
                 const run_flags& flags) {
  const bool as_json = flags.as_json;
  const auto graph = which.make(settings_of(which, given).get());
  const auto report = run_in_system(flags, [&](actor_system& system, progress_line& line) {
    run_options options;
    options.nodes = nodes();
    if (line.is_shown()) options.on_progress = [&line](const progress& so_far) { line.show(so_far); };
    options.chaos = chaos_of(flags);
    return graph.run(system, options);
  });
  if (as_json) {
    std::cout << to_json(report) << '\n';
  } else {
    std::cout << report.result.text << summary_line(report) << chaos_line(report);
  }
  std::cout.flush();
  for (const auto& error : report.errors) std::cerr << program << ": " << which.name << ": " << error << '\n';
  return finished(report.ok);
}

int run_job(const std::string& program, const detail::definition& which, const given_options& given,
            const run_flags& flags) {
  const bool as_json = flags.as_json;
  const auto settings = settings_of(which, given);
  const auto began = std::chrono::steady_clock::now();
  summary result;
  try {
    result = run_in_system(flags, [&](actor_system& system, progress_line& line) {
      return which.run(settings.get(), system, [&line](const progress& so_far) { line.show(so_far); });
    });
  } catch (const bad_option&) {
    throw;
  } catch (const interrupted&) {
    throw;
  } catch (const std::exception& problem) {
    result = {.errors = {text_of(problem)}};
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  const bool ok = result.errors.empty();
  if (as_json) {
    std::cout << job_json(which.name, took.count(), result) << '\n';
  } else if (ok || !result.text.empty()) {
    std::cout << result.text << which.name << ": " << decimals(took.count()) << " s\n";
  }
  std::cout.flush();
  for (const auto& error : result.errors) std::cerr << program << ": " << which.name << ": " << error << '\n';
  if (ok && !flags.on.join.empty() && !places_were_asked_for)
    std::cerr << program << ": " << which.name
              << ": --nodes: this job puts nothing on other nodes, all of it ran here\n";
  return finished(ok);
}

int draw_topology(const detail::definition& which, const given_options& given, const std::string& format) {
  if (which.is_job())
    throw std::runtime_error{which.name + " is a job, not a topology: there is no graph of it to draw"};
  const auto graph = which.make(settings_of(which, given).get());
  std::cout << (format == "dot" ? graph.dot() : format == "mermaid" ? graph.mermaid() : graph.describe());
  return finished(true);
}

}  // namespace troupe::launcher
