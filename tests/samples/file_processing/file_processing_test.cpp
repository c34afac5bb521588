#include "samples/sample.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

namespace json = boost::json;
namespace fs = std::filesystem;
using Catch::Contains;

}  // namespace

TEST_CASE("each file has its line, in the order of their names, and one that cannot be read is named") {
  const auto folder = fs::temp_directory_path() / ("troupe-files-" + std::to_string(::getpid()));
  fs::create_directories(folder / "below");
  std::ofstream{folder / "b.txt"} << "one two\nthree\n";
  std::ofstream{folder / "a.txt"} << "";
  std::ofstream{folder / "below" / "c.txt"} << "no end of line";
  fs::create_symlink("nowhere", folder / "gone");
  const auto result = samples::report_of("file_processing", {"--path", folder.string()}).at("result");
  fs::remove_all(folder);

  const auto path = [&](const std::string& name) { return (folder / name).string(); };
  CHECK(result.at("files") ==
        json::value({{{"path", path("a.txt")}, {"lines", 0}, {"words", 0}, {"bytes", 0}},
                     {{"path", path("b.txt")}, {"lines", 2}, {"words", 3}, {"bytes", 14}},
                     {{"path", path("below/c.txt")}, {"lines", 0}, {"words", 4}, {"bytes", 14}}}));
  REQUIRE(result.at("failed").as_array().size() == 1);
  CHECK(std::string{result.at("failed").at(0).at("path").as_string()} == path("gone"));
  CHECK_THAT(std::string{result.at("failed").at(0).at("reason").as_string()}, Contains("No such file"));
}

TEST_CASE("the licences' lines are told") {
  const auto run = samples::run("file_processing", {});
  CHECK(run.status == 0);
  CHECK_THAT(run.out, Contains("/GPL-2: ") && Contains(" lines, ") && Contains(" words, "));
}

TEST_CASE("files of a folder that is not there are refused") {
  samples::check_refused("file_processing", {"--path", "/no/such/folder"},
                         Contains("--path: no such folder: /no/such/folder"));
}
