#include "samples/sample.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <set>
#include <string>

using Catch::Contains;
using Catch::StartsWith;

TEST_CASE("squares come in order, whoever made them") {
  const auto result = samples::run("pool_map", {"--work", "1000"});
  CHECK(result.status == 0);
  CHECK(result.errors.empty());
  CHECK_THAT(result.out, StartsWith("[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]\nprocess "));
  CHECK_THAT(result.out, Contains("one process alone ") && Contains(" times as fast\n"));
}

TEST_CASE("squares come alike in every way that a pool has") {
  const auto result = samples::run("pool_map", {"--work", "0", "--json"});
  CHECK(result.status == 0);
  const auto expected = boost::json::parse("[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]");
  auto ways = boost::json::parse(result.out).at("result").at("ways").as_object();
  REQUIRE(ways.size() == 5);
  for (const auto* way : {"map", "starmap", "apply_async", "imap"}) CHECK(ways.at(way) == expected);
  auto& any_order = ways.at("imap_unordered").as_array();
  std::sort(any_order.begin(), any_order.end(),
            [](const auto& a, const auto& b) { return a.as_int64() < b.as_int64(); });
  CHECK(any_order == expected);
}

TEST_CASE("a pool without workers is refused") {
  samples::check_refused("pool_map", {"--workers", "0"}, Contains("--workers: "));
}

TEST_CASE("Ctrl-C ends a pool at its work") {
  samples::check_interrupt("pool_map", {"--items", "100000", "--work", "100000000"}, 4);
}

TEST_CASE("ten thousand squares by four workers are all there") {
  const auto result =
      samples::run("pool_map", {"--items", "10000", "--workers", "4", "--work", "10", "--json"});
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
  const auto result = samples::run("pool_map", {"--items", "8", "--work", "1000000", "--json"});
  CHECK(result.status == 0);
  const auto all = boost::json::parse(result.out);
  for (const auto& worker : all.at("result").at("workers").as_array())
    CHECK(worker.at("squared").to_number<std::int64_t>() > 0);
}

TEST_CASE("a number that no worker survives is given up, and the others are squared") {
  const auto result = samples::run("pool_map", {"--work", "10", "--poison", "3", "--json"});
  CHECK(result.status == 0);
  const auto all = boost::json::parse(result.out);
  CHECK(all.at("ok") == true);
  const auto& made = all.at("result");
  CHECK(made.at("items") ==
        boost::json::parse(R"({"given": 10, "completed": 9, "given_up": 1, "wrong": 0})"));
  const auto& given_up = made.at("quarantined").as_array();
  REQUIRE(given_up.size() == 1);
  CHECK(given_up[0].at("item") == 3);
  CHECK(given_up[0].at("attempts") == 3);
  CHECK_THAT(std::string{given_up[0].at("cause").as_string()}, Contains("killed by SIGABRT"));
}

TEST_CASE("squares are all there, and right, although workers are killed while they are made") {
  const auto result = samples::run(
      "pool_map", {"--items", "500", "--work", "20000", "--kills", "20", "--seed", "7", "--json"});
  CHECK(result.status == 0);
  const auto all = boost::json::parse(result.out);
  CHECK(all.at("ok") == true);
  const auto& made = all.at("result");
  CHECK(made.at("chaos") == boost::json::parse(R"({"kills": 20, "seed": 7})"));
  const auto& items = made.at("items");
  CHECK(items.at("wrong") == 0);
  CHECK(items.at("given_up") == 0);
  CHECK(items.at("completed") == items.at("given"));
  CHECK(items.at("given").to_number<std::int64_t>() == 500 * made.at("rounds").to_number<std::int64_t>());
}
