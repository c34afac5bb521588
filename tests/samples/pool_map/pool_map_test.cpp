#include "tools/command.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <string>

using Catch::Contains;
using Catch::StartsWith;

TEST_CASE("squares come in order, whoever made them") {
  const auto result = tools::run(TROUPE_COMMAND_PATH, {"run", "pool_map", "--work", "1000"});
  CHECK(result.status == 0);
  CHECK(result.errors.empty());
  CHECK_THAT(result.out, StartsWith("[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]\nprocess "));
  CHECK_THAT(result.out, Contains("one process alone ") && Contains(" times as fast\n"));
}

TEST_CASE("ten thousand squares by four workers are all there") {
  const auto result = tools::run(TROUPE_COMMAND_PATH, {"run", "pool_map", "--items", "10000", "--workers",
                                                       "4", "--work", "10", "--json"});
  CHECK(result.status == 0);
  const auto all = boost::json::parse(result.out);
  CHECK(all.at("items").at("out") == 10000);
  const auto& squares = all.at("result").at("squares").as_array();
  REQUIRE(squares.size() == 10000);
  bool in_order = true;
  for (std::int64_t n = 0; n < 10000; ++n)
    in_order = in_order && squares[static_cast<std::size_t>(n)] == n * n;
  CHECK(in_order);
}
