// Samples, run as a user runs them.
#pragma once

#include "support/processes.hpp"
#include "tools/command.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <csignal>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace samples {

/// `troupe run name options...`
inline tools::outcome run(const std::string& name, std::vector<std::string> options) {
  options.insert(options.begin(), {"run", name});
  return tools::run(TROUPE_COMMAND_PATH, options);
}

/// What `troupe run name options... --json` prints, once it has ended well.
inline boost::json::value report_of(const std::string& name, std::vector<std::string> options) {
  options.emplace_back("--json");
  const auto run = samples::run(name, std::move(options));
  INFO(run.errors);
  CHECK(run.status == 0);
  CHECK(run.errors.empty());
  auto all = boost::json::parse(run.out);
  CHECK(all.at("ok") == true);
  return all;
}

/// Such options are a mistake, which is told as `message` says.
template <class Matcher>
void check_refused(const std::string& name, std::vector<std::string> options, const Matcher& message) {
  const auto run = samples::run(name, std::move(options));
  CHECK(run.status == 2);
  CHECK(run.out.empty());
  CHECK_THAT(run.errors, message);
}

/// Interrupts a run that would take long, once it has `processes` below it, or more: it ends in order, and leaves nothing.
/// The first two are the guardian and the zygote, which are there before signals are handled; so wait for an actor too.
inline void check_interrupt(const std::string& name, std::vector<std::string> options,
                            std::size_t processes) {
  options.insert(options.begin(), {"run", name});
  support::program command{TROUPE_COMMAND_PATH, options};
  REQUIRE(support::wait_until([&] { return support::descendants_of(command.pid()).size() >= processes; }));
  const auto below = support::descendants_of(command.pid());
  command.kill(SIGINT);
  command.rest();
  const auto end = command.wait();
  CHECK(!end.by_signal);
  CHECK(end.code == 128 + SIGINT);
  CHECK(command.errors() == "troupe: interrupted\n");
  for (const auto pid : below) CHECK(support::wait_until_ended(pid, std::chrono::milliseconds{0}));
}

}  // namespace samples
