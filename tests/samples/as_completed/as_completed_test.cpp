#include "samples/sample.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace {

namespace json = boost::json;
using Catch::Contains;
using Catch::StartsWith;

}  // namespace

TEST_CASE("answers come in the order of their tasks' lengths, whichever were asked for first") {
  const auto result = samples::report_of("as_completed", {"--unit", "150ms"}).at("result");
  CHECK(result.at("order") == json::parse("[1, 2, 3]"));
  CHECK(result.at("unit_seconds") == 0.15);
  CHECK(result.at("seconds").to_number<double>() >= 3 * 0.15);
}

TEST_CASE("each answer has a line of its own") {
  const auto run = samples::run("as_completed", {"--unit", "100ms"});
  CHECK(run.status == 0);
  CHECK_THAT(
      run.out,
      StartsWith("the task of 1 unit is done\nthe task of 2 units is done\nthe task of 3 units is done\n"));
}

TEST_CASE("a unit of less than nothing is refused") {
  samples::check_refused("as_completed", {"--unit", "-1ms"}, Contains("--unit: "));
}

TEST_CASE("Ctrl-C ends those who wait for answers") {
  samples::check_interrupt("as_completed", {"--unit", "60s"}, 5);
}
