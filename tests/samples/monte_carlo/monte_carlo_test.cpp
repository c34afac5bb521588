#include "samples/sample.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

namespace {

using Catch::Contains;

}  // namespace

TEST_CASE("the estimates are the same whatever the number of workers, and near what they estimate") {
  const std::vector<std::string> throws{"--samples", "200000", "--partitions", "20", "--seed", "7"};
  const auto with_workers = [&](const std::string& workers) {
    auto options = throws;
    options.insert(options.end(), {"--workers", workers});
    return samples::report_of("monte_carlo", options).at("result");
  };
  const auto one = with_workers("1");
  CHECK(with_workers("2") == one);
  CHECK(with_workers("5") == one);
  CHECK(one.at("samples") == 200000);
  CHECK(std::abs(one.at("pi").to_number<double>() - 3.14159265) < 0.03);
  const auto error = one.at("standard_error").to_number<double>();
  CHECK(error > 0);
  CHECK(std::abs(one.at("price").to_number<double>() - one.at("exact_price").to_number<double>()) <
        6 * error);
}

TEST_CASE("another seed throws other dice, and samples that do not divide are all thrown") {
  const auto first =
      samples::report_of("monte_carlo", {"--samples", "1001", "--partitions", "10"}).at("result");
  const auto second =
      samples::report_of("monte_carlo", {"--samples", "1001", "--partitions", "10", "--seed", "2"})
          .at("result");
  CHECK(first.at("samples") == 1001);
  CHECK(first.at("price") != second.at("price"));
}

TEST_CASE("the estimates are the same although workers are killed while they throw") {
  std::vector<std::string> throws{"--samples", "200000", "--partitions", "20"};
  const auto quiet = samples::report_of("monte_carlo", throws).at("result").as_object();
  throws.insert(throws.end(), {"--kills", "20"});
  auto survived = samples::report_of("monte_carlo", throws).at("result").as_object();
  CHECK(survived.at("chaos").at("kills") == 20);
  survived.erase("chaos");
  CHECK(survived == quiet);
}

TEST_CASE("dice that are not thrown are refused") {
  samples::check_refused("monte_carlo", {"--samples", "0"},
                         Contains("--samples: ") && Contains("the least is 1"));
}

TEST_CASE("Ctrl-C ends the throwing of dice") {
  samples::check_interrupt("monte_carlo", {"--samples", "100000000000", "--partitions", "2"}, 4);
}
