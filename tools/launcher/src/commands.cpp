#include "commands.hpp"

#include "progress_line.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <vector>

namespace troupe::launcher {

namespace {

topology made(const detail::definition& which, const given_options& given) {
  const auto settings = which.default_settings();
  for (const auto& option : which.options) {
    if (const auto found = given.find(option.name); found != given.end())
      option.set(settings.get(), found->second);
  }
  return which.make(settings.get());
}

std::string summary_line(const run_report& report) {
  std::array<char, 32> seconds{};
  std::snprintf(seconds.data(), seconds.size(), "%.2f", report.seconds);
  const auto& items = report.items;
  std::string line =
      report.topology + ": " + std::to_string(items.in) + " in, " + std::to_string(items.out) + " out";
  if (items.failed > 0) line += ", " + std::to_string(items.failed) + " failed";
  if (items.lost > 0) line += ", " + std::to_string(items.lost) + " lost";
  return line + "; " + std::to_string(report.actors.size()) + " processes; " + seconds.data() + " s\n";
}

run_report run_in_system(const topology& graph, bool as_json) {
  // With --json standard output is one object, so what actors print has no place there.
  actor_system system{{.output = as_json ? output::discard : output::tagged}};
  system.handle_signals();
  progress_line line;
  run_options options;
  if (line.is_shown()) options.on_progress = [&line](const progress& so_far) { line.show(so_far); };
  try {
    auto report = graph.run(system, options);
    if (system.interrupted_by() == 0) return report;
  } catch (const std::exception&) {
    if (system.interrupted_by() == 0) throw;
  }
  throw interrupted{system.interrupted_by()};
}

int finished(bool ok) {
  if (!std::cout.flush()) {
    std::cerr << "troupe: standard output could not be written\n";
    return 1;
  }
  return ok ? 0 : 1;
}

}  // namespace

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
                 bool as_json) {
  const auto graph = made(which, given);
  const auto report = run_in_system(graph, as_json);
  if (as_json) {
    std::cout << to_json(report) << '\n';
  } else {
    std::cout << report.result.text << summary_line(report);
  }
  std::cout.flush();
  for (const auto& error : report.errors) std::cerr << program << ": " << which.name << ": " << error << '\n';
  return finished(report.ok);
}

int draw_topology(const detail::definition& which, const given_options& given, const std::string& format) {
  const auto graph = made(which, given);
  std::cout << (format == "dot" ? graph.dot() : format == "mermaid" ? graph.mermaid() : graph.describe());
  return finished(true);
}

}  // namespace troupe::launcher
