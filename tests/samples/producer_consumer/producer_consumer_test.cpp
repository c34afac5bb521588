#include "samples/sample.hpp"
#include "support/processes.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <csignal>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

namespace json = boost::json;
using Catch::Contains;

tools::outcome run(const std::vector<std::string>& options) {
  return samples::run("producer_consumer", options);
}

json::value report(std::vector<std::string> options) {
  options.emplace_back("--json");
  const auto result = run(std::move(options));
  CHECK(result.status == 0);
  CHECK(result.errors.empty());
  return json::parse(result.out);
}

std::size_t lines_with(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("a million items go in and out, none lost, none twice") {
  const auto all = report({"--items", "1000000", "--consumers", "3"});
  CHECK(all.at("ok") == true);
  CHECK(all.at("items") ==
        json::parse(R"({"in":1000000,"out":1000000,"lost":0,"repeated_starts":0,"completed_twice":0})"));
  CHECK(all.at("result").at("items") == 1000000);
  CHECK(all.at("result").at("sum") == 499999500000);
  CHECK(all.at("edges").at(0).at("items") == 1000000);
  std::size_t consumers = 0;
  std::int64_t handled = 0;
  for (const auto& actor : all.at("actors").as_array()) {
    CHECK(actor.at("exit") == json::parse(R"({"kind":"normal","code":0})"));
    CHECK(actor.at("max_rss_bytes").to_number<std::int64_t>() > 0);
    if (!actor.at("name").as_string().starts_with("consumer-")) continue;
    ++consumers;
    handled += actor.at("handled").to_number<std::int64_t>();
  }
  CHECK(consumers == 3);
  CHECK(handled == 1000000);
}

TEST_CASE("producers share the items out") {
  const auto all = report({"--items", "1001", "--producers", "4", "--consumers", "1"});
  CHECK(all.at("items").at("in") == 1001);
  CHECK(all.at("result").at("sum") == 1001 * 1000 / 2);
}

TEST_CASE("it ends by sentinels, one of each producer for each consumer") {
  const auto all = report({"--items", "1000", "--producers", "2", "--consumers", "3", "--sentinel"});
  CHECK(all.at("items").at("in") == 1006);
  CHECK(all.at("items").at("out") == 1006);
  CHECK(all.at("result").at("items") == 1000);
  CHECK(all.at("result").at("sum") == 999 * 1000 / 2);
  CHECK(all.at("result").at("sentinels") == 6);
}

TEST_CASE("no items are an end as well") {
  CHECK(report({"--items", "0"}).at("result").at("items") == 0);
  CHECK(report({"--items", "0", "--sentinel", "--consumers", "3"}).at("result").at("sentinels") == 3);
}

TEST_CASE("killed in the middle of it, it leaves nothing") {
  support::program command{TROUPE_COMMAND_PATH,
                           {"run", "producer_consumer", "--items", "1000000000", "--verbose"}};
  CHECK(command.line().has_value());
  command.kill(SIGKILL);
  CHECK(command.wait().by_signal);
  for (const auto orphan : support::children_of(::getpid())) {  // what it left behind is ours now
    CHECK(support::wait_until_ended(orphan));
    ::waitpid(orphan, nullptr, 0);
  }
}

TEST_CASE("it says little unless asked for more") {
  const auto brief = run({"--items", "50", "--consumers", "3"});
  CHECK(brief.status == 0);
  CHECK(std::count(brief.out.begin(), brief.out.end(), '\n') == 5);
  CHECK_THAT(brief.out, Contains("All consumers together: 50 items, sum 1225.\n"));
  const auto verbose = run({"--items", "50", "--verbose", "--delay", "1"});
  CHECK(lines_with(verbose.out, "[producer-1] produced ") == 50);
  CHECK(lines_with(verbose.out, "] consumed ") == 50 + 2);
  CHECK_THAT(verbose.out, Contains("[producer-1] produced 49\n"));
}
