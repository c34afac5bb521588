#include "samples/sample.hpp"

using Catch::Contains;
using Catch::StartsWith;

TEST_CASE("counting under a lock loses nothing, without it much, and the array is filled") {
  const auto result =
      samples::report_of("shared_memory", {"--processes", "5", "--additions", "2000", "--elements", "30"})
          .at("result");
  CHECK(result.at("expected") == 10'000);
  CHECK(result.at("with_lock") == 10'000);
  CHECK(result.at("atomic") == 10'000);
  // All five have read the same when they write for the first time: four of these additions are lost for certain.
  CHECK(result.at("lost").to_number<int>() >= 4);
  CHECK(result.at("without_lock").to_number<int>() == 10'000 - result.at("lost").to_number<int>());
  const auto& array = result.at("array").as_array();
  REQUIRE(array.size() == 30);
  for (std::size_t i = 0; i < 30; ++i) CHECK(array[i].to_number<double>() == static_cast<double>(i * i));
}

TEST_CASE("one process alone loses nothing without a lock either") {
  const auto result =
      samples::report_of("shared_memory", {"--processes", "1", "--additions", "100"}).at("result");
  CHECK(result.at("lost") == 0);
  CHECK(result.at("without_lock") == 100);
}

TEST_CASE("shared memory is told in words too") {
  const auto run = samples::run("shared_memory", {"--additions", "100"});
  CHECK(run.status == 0);
  CHECK_THAT(run.out, StartsWith("5 processes, each adding 1 100 times: 500\nwith a lock        500\n"));
  CHECK_THAT(run.out, Contains(" additions lost)\n") && Contains("the array          0 1 4 9 16 25 "));
}

TEST_CASE("no processes cannot share anything") {
  samples::check_refused("shared_memory", {"--processes", "0"},
                         Contains("--processes: ") && Contains("the least is 1"));
}

TEST_CASE("Ctrl-C ends processes that count in shared memory") {
  samples::check_interrupt("shared_memory", {"--additions", "1000000000000"}, 3);
}
