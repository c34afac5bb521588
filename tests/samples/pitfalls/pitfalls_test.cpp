#include "samples/sample.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <string>

using Catch::Contains;

TEST_CASE("each of the pitfalls does something safe, and says what") {
  const auto result = samples::report_of("pitfalls", {}).at("result");
  CHECK_THAT(std::string{result.at("no_guard").as_string()},
             Contains("actor_system") && Contains("troupe::guard"));
  CHECK(result.at("left_without_joining") == 0);
  CHECK(result.at("plain_list") == 0);
  CHECK(result.at("managed_list") == 3);
  CHECK(result.at("started") == 50);
  CHECK(result.at("refused") == "");
  CHECK(result.at("pool_workers").to_number<int>() < 50);
}

TEST_CASE("pitfalls with a thousand processes") {
  const auto result = samples::report_of("pitfalls", {"--processes", "1000"}).at("result");
  CHECK((result.at("started") == 1000 || result.at("refused") != ""));
}

TEST_CASE("pitfalls without a process are refused") {
  samples::check_refused("pitfalls", {"--processes", "0"},
                         Contains("--processes: ") && Contains("the least is 1"));
}
