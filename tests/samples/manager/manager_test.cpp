#include "samples/sample.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <string>

using Catch::Contains;

TEST_CASE("workers share a dict, a list and a record") {
  const auto result = samples::report_of("manager", {"--workers", "3"}).at("result");
  CHECK(result.at("dict") == boost::json::parse(R"({"worker 1": 1, "worker 2": 2, "worker 3": 3})"));
  CHECK(result.at("list") == boost::json::parse("[1, 4, 9]"));
  CHECK(result.at("visits") == 3);
  CHECK(result.at("missing") == "troupe::dict: there is no key 'nobody' in it");
}

TEST_CASE("an update is lost between a get and a set, and none is by add") {
  const auto lost =
      samples::report_of("manager", {"--workers", "4", "--times", "200"}).at("result").at("lost_update");
  CHECK(lost.at("expected") == 800);
  CHECK(lost.at("add") == 800);
  CHECK(lost.at("slow_motion") == 1);
  CHECK(lost.at("get_and_set").to_number<int>() <= 800);
  CHECK(lost.at("get_and_set").to_number<int>() >= 200);
}

TEST_CASE("one worker alone loses nothing") {
  const auto lost =
      samples::report_of("manager", {"--workers", "1", "--times", "50"}).at("result").at("lost_update");
  CHECK(lost.at("get_and_set") == 50);
}

TEST_CASE("a manager without workers is refused") {
  samples::check_refused("manager", {"--workers", "0"},
                         Contains("--workers: ") && Contains("the least is 1"));
}

TEST_CASE("Ctrl-C ends workers that share") {
  samples::check_interrupt("manager", {"--times", "1000000"}, 5);
}
