#include "tools/command.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <set>
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
  CHECK(all.at("job") == "pool_map");
  CHECK(all.at("ok") == true);
  const auto& squares = all.at("result").at("squares").as_array();
  REQUIRE(squares.size() == 10000);
  bool in_order = true;
  for (std::int64_t n = 0; n < 10000; ++n)
    in_order = in_order && squares[static_cast<std::size_t>(n)] == n * n;
  CHECK(in_order);

  std::set<std::int64_t> pids;
  std::int64_t squared = 0;
  for (const auto& worker : all.at("result").at("workers").as_array()) {
    pids.insert(worker.at("pid").as_int64());
    squared += worker.at("squared").to_number<std::int64_t>();
  }
  CHECK(pids.size() == 4);
  CHECK(squared == 10000);
}

TEST_CASE("long squares are shared out one at a time") {
  const auto result =
      tools::run(TROUPE_COMMAND_PATH, {"run", "pool_map", "--items", "8", "--work", "1000000", "--json"});
  CHECK(result.status == 0);
  const auto all = boost::json::parse(result.out);
  for (const auto& worker : all.at("result").at("workers").as_array())
    CHECK(worker.at("squared").to_number<std::int64_t>() > 0);
}
