#include "samples/sample.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace {

using Catch::Contains;

boost::json::value result_of(const std::string& unit) {
  return samples::report_of("process_basics", {"--unit", unit}).at("result");
}

}  // namespace

TEST_CASE("processes are started, listed, joined and ended") {
  const auto result = result_of("50ms");
  CHECK(result.at("sequence_seconds").to_number<double>() >= 0.1);
  CHECK(result.at("parallel_seconds").to_number<double>() >= 0.05);
  CHECK(result.at("five_seconds").to_number<double>() >= 0.05);
  CHECK(result.at("greeting") == "Good morning, Bob, for time 2");
  CHECK(result.at("greeter").at("name") == "greeter");
  CHECK(result.at("greeter").at("alive") == true);
  CHECK(result.at("greeter").at("parent") == "the program");
  CHECK(result.at("greeter").at("pid").as_int64() > 1);
}

TEST_CASE("each process says how it ended") {
  const auto ends = result_of("0ms").at("ends").as_array();
  const std::vector<std::string> expected{"normal", "exit code 3", "std::runtime_error: nothing to do",
                                          "SIGTERM", "SIGKILL"};
  REQUIRE(ends.size() == expected.size());
  for (std::size_t n = 0; n < ends.size(); ++n) {
    CHECK_THAT(std::string{ends[n].at("exit").as_string()}, n == 0 ? Contains("") : Contains(expected[n]));
    CHECK(ends[n].at("alive") == false);
  }
  CHECK(ends[0].at("code") == 0);
  CHECK(ends[4].at("code") == 9);
}

TEST_CASE("tasks of less than no time are refused") {
  samples::check_refused("process_basics", {"--unit", "-1s"}, Contains("--unit: "));
}

TEST_CASE("Ctrl-C ends processes at their work") {
  samples::check_interrupt("process_basics", {"--unit", "60s"}, 3);
}
