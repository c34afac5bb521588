#include "samples/sample.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace {

namespace json = boost::json;
using Catch::Contains;
using Catch::StartsWith;

json::value report(const std::vector<std::string>& options) {
  return samples::report_of("data_pipeline", options);
}

}  // namespace

TEST_CASE("a pipeline comes to the same sum as a stream as one stage after another") {
  const auto all = report({"--items", "100", "--work", "0ms"});
  CHECK(all.at("job") == "data_pipeline");
  std::uint64_t sum = 0;
  for (std::uint64_t n = 0; n < 100; ++n) sum += 4 * n * n;
  const auto& result = all.at("result");
  CHECK(result.at("equal") == true);
  for (const auto* way : {"one_after_another", "stream"}) {
    CHECK(result.at(way).at("sum") == sum);
    const auto& trace = result.at(way).at("trace").as_array();
    REQUIRE(trace.size() == 100);
    for (std::uint64_t n = 0; n < 100; ++n) {
      const auto& each = trace[n];
      CHECK((each.at("position") == n && each.at("value") == 4 * n * n));
      double before = 0;
      for (const auto& stage : each.at("stages").as_array()) {
        CHECK(stage.at("entered").to_number<double>() >= before);
        CHECK(stage.at("left").to_number<double>() >= stage.at("entered").to_number<double>());
        before = stage.at("left").to_number<double>();
      }
    }
  }
}

TEST_CASE("stages of a stream overlap, those of the other way do not") {
  const auto result = report({"--items", "20"}).at("result");
  CHECK(result.at("one_after_another").at("side_by_side") == 1);
  CHECK(result.at("one_after_another").at("in_flight") == 20);
  CHECK(result.at("stream").at("side_by_side").to_number<int>() >= 2);
}

TEST_CASE("a slow stage holds up those before it") {
  const int capacity = GENERATE(1, 3);
  const auto result =
      report({"--items", "60", "--work", "1ms", "--slower", "10", "--capacity", std::to_string(capacity)})
          .at("result");
  // Each of the stages has one in hand; before the second and the third, as many again wait as a queue holds, and as
  // many as its reader may have been brought.
  CHECK(result.at("stream").at("in_flight").to_number<int>() <= 3 + 2 * 2 * capacity);
}

TEST_CASE("a pipeline without numbers ends") {
  const auto result = report({"--items", "0"}).at("result");
  CHECK(result.at("stream").at("sum") == 0);
  CHECK(result.at("stream").at("in_flight") == 0);
}

TEST_CASE("a pipeline shows on a line for each number where it is") {
  const auto run = samples::run("data_pipeline", {"--items", "3"});
  CHECK(run.status == 0);
  CHECK_THAT(run.out,
             StartsWith("one stage after another: sum 20 in ") && Contains("\nas a stream: sum 20 in "));
  CHECK_THAT(run.out, Contains("\n   0  11") && Contains("\n   2  "));
}

TEST_CASE("a stream without room is refused") {
  samples::check_refused("data_pipeline", {"--capacity", "0"},
                         Contains("--capacity: ") && Contains("the least is 1"));
}

TEST_CASE("Ctrl-C ends a pipeline") {
  samples::check_interrupt("data_pipeline", {"--items", "10000", "--work", "1s"}, 3);
}
