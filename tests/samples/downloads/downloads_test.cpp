#include "samples/folder.hpp"
#include "samples/sample.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace {

namespace json = boost::json;
using Catch::Contains;
using Catch::EndsWith;

tools::outcome run(const std::vector<std::string>& options) { return samples::run("downloads", options); }

/// Without what goes wrong, and patient with a busy machine.
const std::vector<std::string> quiet{"--failing", "0",         "--stalling", "0",         "--corrupt",
                                     "0",         "--latency", "1ms",        "--timeout", "20s"};

std::vector<std::string> with(std::vector<std::string> options, const std::vector<std::string>& more) {
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

/// The problems of an image, in one of the three ways.
json::value problems(const json::value& result, std::size_t way, std::size_t image) {
  return result.at("ways").at(way).at("downloads").at(image).at("problems");
}

}  // namespace

TEST_CASE("images are fetched in three ways, the same bytes in each") {
  const auto count = GENERATE(std::size_t{10}, std::size_t{60});
  const auto result =
      samples::report_of("downloads", with(quiet, {"--images", std::to_string(count)})).at("result");
  CHECK(result.at("images") == count);
  const std::vector<std::size_t> processes{1, count, 5};
  std::set<std::string> digests;
  for (std::size_t way = 0; way < 3; ++way) {
    const auto& all = result.at("ways").at(way);
    CHECK(all.at("processes") == processes[way]);
    CHECK(all.at("fetched") == count);
    REQUIRE(all.at("downloads").as_array().size() == count);
    for (std::size_t n = 0; n < count; ++n) {
      const auto& each = all.at("downloads").at(n);
      CHECK(each.at("done") == true);
      CHECK(each.at("problems").as_array().empty());
      digests.emplace(each.at("sha1").as_string());
    }
  }
  CHECK(digests.size() == count);  // each image is another
}

TEST_CASE("what is refused, stops half-way or is damaged is told, and fetched again") {
  const auto result =
      samples::report_of("downloads", {"--images", "4", "--latency", "0ms", "--attempts", "20"}).at("result");
  for (std::size_t way = 0; way < 3; ++way) {
    CHECK(problems(result, way, 0).at(0) == "503 Service Unavailable");
    CHECK(problems(result, way, 1).at(0) == "not there after 400 ms");
    CHECK(problems(result, way, 2).at(0) == "its digest is wrong");
    CHECK(result.at("ways").at(way).at("fetched") == 4);
  }
}

TEST_CASE("an image that is not there is told, and not asked for again") {
  const auto done = run(with(quiet, {"--images", "3", "--missing", "1", "--json"}));
  CHECK(done.status == 1);
  CHECK_THAT(done.errors,
             Contains("a pool: http://127.0.0.1:") && Contains("/images/2.ppm: 404 Not Found\n"));
  const auto all = json::parse(done.out);
  CHECK(all.at("ok") == false);
  for (std::size_t way = 0; way < 3; ++way) {
    CHECK(all.at("result").at("ways").at(way).at("fetched") == 2);
    CHECK(problems(all.at("result"), way, 2) == json::parse(R"(["404 Not Found"])"));
  }
}

TEST_CASE("what cannot be fetched in so many attempts is given up") {
  const auto done =
      run({"--images", "2", "--attempts", "1", "--stalling", "0", "--timeout", "20s", "--latency", "1ms"});
  CHECK(done.status == 1);
  CHECK_THAT(done.errors,
             Contains("one after another: ") && Contains("/images/0.ppm: 503 Service Unavailable\n"));
  CHECK_THAT(done.out, Contains("2 images, ") && Contains(", 6 not fetched\n"));
}

TEST_CASE("images are kept where one says, as sha1sum reads them") {
  samples::folder into;
  const auto result =
      samples::report_of("downloads", with(quiet, {"--images", "3", "--into", into.path()})).at("result");
  for (std::size_t n = 0; n < 3; ++n) {
    const auto path = (into / (std::to_string(n) + ".ppm")).string();
    const auto& sha1 = result.at("ways").at(std::size_t{0}).at("downloads").at(n).at("sha1").as_string();
    CHECK(tools::run("/usr/bin/sha1sum", {path}).out == std::string{sha1} + "  " + path + "\n");
  }
}

TEST_CASE("images of another server are fetched as many times as one says") {
  const auto nobody = run({"--url", "http://127.0.0.1:1/x", "--images", "1", "--attempts", "2"});
  CHECK(nobody.status == 1);
  CHECK_THAT(nobody.errors, Contains("one after another: http://127.0.0.1:1/x: Connection refused\n"));
}

TEST_CASE("what cannot be fetched, or kept, is refused") {
  CHECK_THAT(run({"--url", "https://localhost/x"}).errors,
             Contains("--url: 'https://localhost/x' does not begin with http://"));
  const auto nowhere = run({"--into", "/no/such/folder"});
  CHECK(nowhere.status == 2);
  CHECK_THAT(nowhere.errors, Contains("--into: '/no/such/folder' is no folder: make it first"));
}

TEST_CASE("Ctrl-C ends downloads") {
  samples::check_interrupt("downloads", {"--latency", "300ms", "--timeout", "10s", "--images", "1000"}, 4);
}
