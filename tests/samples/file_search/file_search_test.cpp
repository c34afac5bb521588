#include "samples/folder.hpp"
#include "samples/sample.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using Catch::Contains;
using Catch::StartsWith;

tools::outcome search(const std::vector<std::string>& options) {
  return samples::run("file_search", options);
}

/// Its result, without the path of the folder.
json::value result_of(const samples::folder& in, std::vector<std::string> options) {
  options.insert(options.end(), {"--path", in.path()});
  const auto all = samples::report_of("file_search", options);
  CHECK(all.at("topology") == "file_search");
  return all.at("result");
}

}  // namespace

TEST_CASE("a search tells the lines, files, and what it left out") {
  samples::folder files;
  files.put("b/two", "One\nand one\nnothing\none\n");
  files.put("a", "nothing\n");
  files.put("c", "one and more");
  files.put("binary", std::string{"one\0one", 7});
  const auto found = result_of(files, {"--pattern", "one"});
  CHECK(found.at("matching_lines") == 3);
  CHECK(found.at("matching_files") == 2);
  CHECK(found.at("files") == 3);
  CHECK(found.at("binary_files") == 1);
  const auto& first = found.at("found").at(0);
  CHECK(first.at("path").as_string() == (files / "b/two").string());
  CHECK(first.at("lines") == json::parse(R"([{"number":2,"matches":true,"text":"and one"},
                                             {"number":4,"matches":true,"text":"one"}])"));
  CHECK(result_of(files, {"--pattern", "one", "--ignore-case"}).at("matching_lines") == 4);
  CHECK(result_of(files, {"--pattern", "^one$", "--regex"}).at("matching_lines") == 1);
}

TEST_CASE("what is found comes in the order of the walk, whoever found it") {
  samples::folder files;
  for (int n = 1000; n < 1400; ++n)
    files.put("f" + std::to_string(n),
              std::string(static_cast<std::size_t>(n % 7) * 10000, 'x') + "\nhere\n");
  const auto found = result_of(files, {"--pattern", "here", "--searchers", "4"}).at("found").as_array();
  REQUIRE(found.size() == 400);
  for (std::size_t n = 0; n < 400; ++n)
    CHECK(found[n].at("path").as_string() == (files / ("f" + std::to_string(1000 + n))).string());
}

TEST_CASE("context is shown as grep shows it") {
  samples::folder files;
  files.put("f", "1\n2\n3 x\n4\n5\n6\n7\n8 x\n9 x\n");
  const auto path = (files / "f").string();
  const auto run = search({"--pattern", "x", "--context", "1", "--path", path});
  CHECK_THAT(run.out, StartsWith(path + "-2-2\n" + path + ":3:3 x\n" + path + "-4-4\n--\n" + path + "-7-7\n" +
                                 path + ":8:8 x\n" + path + ":9:9 x\n3 lines match, in 1 of 1 files"));
}

TEST_CASE("links are followed only if asked for, and not in circles") {
  samples::folder files;
  files.put("in/deep/file", "here\n");
  fs::create_directory_symlink("..", files / "in/deep/up");
  fs::create_directory_symlink(files.path(), files / "in/top");
  fs::create_symlink("file", files / "in/deep/link");
  CHECK(result_of(files, {"--pattern", "here"}).at("files") == 1);
  CHECK(result_of(files, {"--pattern", "here", "--follow"}).at("files") == 2);
}

TEST_CASE("bytes that are no text are found, and are marked in JSON") {
  samples::folder files;
  files.put("f", "caf\xe9 \xc3\xa9\n");
  const auto found = result_of(files, {"--pattern", "caf"});
  CHECK(found.at("found").at(0).at("lines").at(0).at("text") == "caf\xEF\xBF\xBD \xc3\xa9");
  CHECK_THAT(search({"--pattern", "caf", "--path", files.path()}).out, Contains("f:1:caf\xe9 \xc3\xa9\n"));
}

TEST_CASE("an expression that takes for ever fails its file, and no other") {
  samples::folder files;
  files.put("a", std::string(2000, 'a').append("!\n"));
  files.put("b", "aab\n");
  const auto run = search({"--regex", "--pattern", "^(a|aa)+b$", "--path", files.path()});
  CHECK(run.status == 1);
  CHECK_THAT(run.out, StartsWith((files / "b").string() + ":1:aab\n1 lines match, in 1 of 2 files"));
  CHECK_THAT(run.errors,
             StartsWith("troupe: file_search: " + (files / "a").string() + ": The complexity of matching"));
}

TEST_CASE("what cannot be searched for, or in, is refused") {
  CHECK_THAT(search({"--pattern", "(", "--regex"}).errors,
             Contains("--pattern: '(' is no regular expression: "));
  CHECK_THAT(search({"--pattern", "(.)\\1", "--regex"}).errors,
             Contains("--pattern: '(.)\\1' is no regular expression: "));
  CHECK_THAT(search({"--help"}).out, Contains("without back-references"));
  CHECK_THAT(search({"--pattern", "a\nb"}).errors, Contains("--pattern: a line break"));
  CHECK_THAT(search({"--path", "/no/such/folder"}).errors,
             Contains("--path: '/no/such/folder' cannot be read: No such file or directory"));
  samples::folder empty;
  const auto nothing = search({"--path", empty.path()});
  CHECK(nothing.status == 2);
  CHECK_THAT(nothing.errors, Contains("holds no files: name a folder with files"));
}

TEST_CASE("Ctrl-C ends a search") {
  samples::folder files;
  files.put("0", std::string(1 << 20, 'a'));
  for (int n = 1; n < 2000; ++n) fs::create_hard_link(files / "0", files / std::to_string(n));
  samples::check_interrupt("file_search", {"--path", files.path(), "--regex", "--pattern", "(a|b)*c"}, 4);
}
