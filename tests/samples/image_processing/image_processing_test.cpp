#include "samples/folder.hpp"
#include "samples/sample.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using Catch::Contains;

tools::outcome run(const std::vector<std::string>& options) {
  return samples::run("image_processing", options);
}

}  // namespace

TEST_CASE("pictures pass all stages, and come to a contact sheet in their order") {
  samples::folder into;
  const auto all = samples::report_of("image_processing", {"--size", "60", "--into", into.path()});
  CHECK(all.at("topology") == "image_processing");
  CHECK(all.at("items").at("out") == 12);
  const auto& pictures = all.at("result").at("pictures").as_array();
  REQUIRE(pictures.size() == 12);
  for (std::size_t n = 0; n < 12; ++n) {
    const auto& each = pictures[n];
    const auto stem = "sample_" + std::to_string(n);
    CHECK(each.at("name").as_string() == stem + (n % 2 == 1 ? ".png" : ".jpg"));
    CHECK((each.at("width") == (n % 3 == 2 ? 45 : 60) && each.at("height") == (n % 3 == 2 ? 60 : 45)));
    CHECK(each.at("bytes") == fs::file_size(into / (stem + ".small.jpg")));
  }
  const auto& sheet = all.at("result").at("contact_sheet");
  CHECK((sheet.at("width") == 4 * 64 + 4 && sheet.at("height") == 3 * 64 + 4));
  CHECK(sheet.at("bytes") == fs::file_size(into / "contact_sheet.png"));

  // What it has made is a folder of pictures again.
  const auto again = samples::report_of("image_processing", {"--size", "30", "--path", into.path()});
  CHECK(again.at("result").at("pictures").as_array().size() == 13);
  CHECK(again.at("result").at("pictures").at(0).at("name") == "contact_sheet.png");
}

TEST_CASE("a damaged picture fails alone, and is named") {
  samples::folder files;
  CHECK(run({"--images", "4", "--size", "60", "--into", files.path()}).status == 0);
  fs::resize_file(files / "sample_1.small.jpg", fs::file_size(files / "sample_1.small.jpg") / 2);
  files.put("words.png", "no picture\n");
  const auto done = run({"--path", files.path(), "--json"});
  CHECK(done.status == 1);
  CHECK_THAT(done.errors, Contains("2 items of 6 failed"));
  CHECK_THAT(done.errors, Contains("decode: sample_1.small.jpg: Premature end of JPEG file\n"));
  CHECK_THAT(done.errors, Contains("decode: words.png: it is neither a JPEG nor a PNG file\n"));
  const auto all = json::parse(done.out);
  CHECK(all.at("ok") == false);
  CHECK(all.at("items").at("out") == 4);
  CHECK(all.at("items").at("lost") == 0);
  CHECK(all.at("result").at("pictures").as_array().size() == 4);
}

TEST_CASE("pictures are the same whoever made them") {
  samples::folder one, several;
  CHECK(run({"--replicas", "1", "--images", "6", "--into", one.path()}).status == 0);
  CHECK(run({"--replicas", "4", "--images", "6", "--into", several.path()}).status == 0);
  CHECK(tools::run("/usr/bin/diff", {"-r", one.path(), several.path()}).status == 0);
}

TEST_CASE("a folder without pictures, and a place that is none, are refused") {
  samples::folder empty;
  CHECK_THAT(run({"--path", empty.path()}).errors, Contains("holds no .jpg, .jpeg or .png files"));
  CHECK_THAT(run({"--path", "/no/such/folder"}).errors,
             Contains("--path: '/no/such/folder' cannot be read: "));
  CHECK_THAT(run({"--into", "/no/such/folder"}).errors, Contains("is no folder: make it first"));
  const auto filter = run({"--filter", "sepia"});
  CHECK(filter.status == 2);
  CHECK_THAT(filter.errors, Contains("--filter: ") && Contains("sharpen"));
}

TEST_CASE("Ctrl-C ends the work on pictures") {
  samples::check_interrupt("image_processing", {"--images", "10000"}, 10);
}
