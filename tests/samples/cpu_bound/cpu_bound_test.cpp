#include "samples/sample.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace {

using Catch::Contains;

}  // namespace

TEST_CASE("sums of squares are the same in every way, and as by the formula") {
  const auto result = samples::report_of("cpu_bound", {"--n", "100000", "--workers", "2"}).at("result");
  CHECK(result.at("workers") == 2);
  CHECK(result.at("ceiling").to_number<double>() > 0);
  const auto& sums = result.at("sums").as_array();
  const std::vector<std::uint64_t> values{110'000, 105'000, 102'000, 100'000, 95'000, 90'000};
  REQUIRE(sums.size() == values.size());
  for (std::size_t n = 0; n < values.size(); ++n) {
    const auto k = values[n];
    CHECK(sums[n].to_number<std::uint64_t>() == (k - 1) * k * (2 * k - 1) / 6);
  }
  std::vector<std::string> ways;
  for (const auto& each : result.at("ways").as_array()) {
    ways.emplace_back(each.at("way").as_string());
    CHECK(each.at("right") == true);
    CHECK(each.at("speed_up").to_number<double>() > 0);
  }
  CHECK(ways == std::vector<std::string>{"one by one", "threads", "processes", "pool"});
}

TEST_CASE("a table shows each way beside the machine's own ceiling") {
  const auto run = samples::run("cpu_bound", {"--n", "1000"});
  CHECK(run.status == 0);
  CHECK_THAT(run.out,
             Contains("\nthreads ") && Contains("\npool ") && Contains("\nthe machine's own ceiling: "));
}

TEST_CASE("a sum of less than nothing is refused") {
  samples::check_refused("cpu_bound", {"--n", "-5"}, Contains("--n: "));
}
