#include "samples/sample.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using Catch::Contains;
using Catch::StartsWith;

/// A folder of its own, gone with it.
class folder {
 public:
  folder() {
    std::string name = (fs::temp_directory_path() / "troupe-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~folder() { fs::remove_all(path_); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  [[nodiscard]] fs::path operator/(const std::string& name) const { return path_ / name; }
  void put(const std::string& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream{path_ / name, std::ios::binary} << text;
  }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

tools::outcome count(const std::string& path, std::vector<std::string> options = {}) {
  options.insert(options.begin(), {"--path", path, "--top", "0"});
  return samples::run("word_count", options);
}

/// The lines of the words.
std::string words_of(const tools::outcome& result) {
  return result.out.substr(0, result.out.find(" words, "));
}

}  // namespace

TEST_CASE("words are runs of letters, in lower case, in files at any depth") {
  const folder text;
  text.put("a.txt", "The cat, the CAT2the_end\n");
  text.put("b/c.txt", "don't");
  text.put("b/d/e", "");
  const auto result = count(text.path());
  CHECK(result.status == 0);
  CHECK(result.errors.empty());
  CHECK_THAT(
      result.out,
      StartsWith(
          "      3 the\n      2 cat\n      1 don\n      1 end\n      1 t\n8 words, 5 different, in 3 files\n"
          "5 processes: 1 walked, 2 counted, 2 merged\n"));
}

TEST_CASE("the result does not depend on the number of processes") {
  const auto one = count("/usr/share/common-licenses", {"--counters", "1", "--mergers", "1"});
  const auto many = count("/usr/share/common-licenses", {"--counters", "5", "--mergers", "3"});
  CHECK(one.status == 0);
  CHECK(words_of(one).size() > 1000);
  CHECK(words_of(one) == words_of(many));
}

TEST_CASE("a file with no end of line counts to its last word, and a word may be larger than a buffer") {
  const folder text;
  text.put("a", "one two");
  text.put("b", std::string(65530, ' ') + std::string(200'000, 'x') + "\ntwo");
  CHECK_THAT(count(text.path()).out,
             StartsWith("      2 two\n      1 one\n      1 " + std::string(200'000, 'x') + "\n"));
}

TEST_CASE("binary files are skipped, and it says so") {
  const folder text;
  text.put("text", "word");
  text.put("binary", std::string{"word\0word", 9});
  const auto result = count(text.path());
  CHECK(result.status == 0);
  CHECK_THAT(result.errors, Contains("skipped " + (text / "binary").string() + ": a binary file\n"));
  CHECK_THAT(result.out, Contains("1 words, 1 different, in 1 files; 1 binary files skipped\n"));
}

TEST_CASE("links are not followed, in circles or otherwise, but for the folder itself") {
  const folder text;
  text.put("real/a", "word");
  fs::create_directory_symlink(text / "real", text / "real/circle");
  fs::create_symlink(text / "real/a", text / "real/alias");
  fs::create_directory_symlink(text / "real", text / "link");
  CHECK_THAT(count((text / "link").string()).out,
             StartsWith("      1 word\n1 words, 1 different, in 1 files\n"));
}

TEST_CASE("one file is an input too") {
  const folder text;
  text.put("a", "word");
  CHECK_THAT(count((text / "a").string()).out, StartsWith("      1 word\n"));
}

TEST_CASE("a file that cannot be read is named, counted as failed, and the others are counted") {
  const auto result = count("/proc/self/mem");  // opens for anyone, reads for nobody
  CHECK(result.status == 1);
  CHECK_THAT(result.errors, Contains("1 item of 1 failed:\n    count: /proc/self/mem: Input/output error\n"));
  CHECK_THAT(result.out, Contains("0 words, 0 different, in 0 files; 1 could not be read\n"));
  CHECK_THAT(result.out, Contains("word_count: 1 in, 0 out, 1 failed; "));

  const folder text;
  text.put("closed", "word");
  text.put("open", "word");
  text.put("shut/inside", "word");
  fs::permissions(text / "closed", fs::perms::none);
  fs::permissions(text / "shut", fs::perms::none);
  if (std::ifstream{text / "closed"}) return;  // root reads everything
  const auto mixed = count(text.path(), {"--json"});
  fs::permissions(text / "shut", fs::perms::owner_all);
  CHECK(mixed.status == 1);
  CHECK_THAT(mixed.errors, Contains((text / "closed").string() + ": Permission denied\n") &&
                               Contains((text / "shut").string() + ": Permission denied"));
  const auto all = json::parse(mixed.out);
  CHECK(all.at("ok") == false);
  CHECK(all.at("items").at("lost") == 0);
  CHECK(all.at("result").at("failed_files") == 2);
  CHECK(all.at("result").at("words") == 1);
}

TEST_CASE("a path without files is refused at once, with the reason") {
  const folder text;
  const auto refused = [](const std::string& path) {
    const auto result = count(path);
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    return result.errors;
  };
  const auto told = [](const std::string& path) { return "troupe: word_count: --path: '" + path + "' "; };
  CHECK_THAT(refused(text.path()), StartsWith(told(text.path()) + "holds no files"));
  fs::create_directories(text / "only/folders");
  CHECK_THAT(refused(text.path()), StartsWith(told(text.path()) + "holds no files"));
  CHECK_THAT(refused((text / "none").string()),
             StartsWith(told((text / "none").string()) + "does not exist"));
  CHECK_THAT(refused("/dev/null"), StartsWith(told("/dev/null") + "is neither a folder nor a file"));
}

TEST_CASE("the JSON result has the counts") {
  const folder text;
  text.put("a", "b a b");
  const auto result = count(text.path(), {"--json"});
  CHECK(result.status == 0);
  CHECK(json::parse(result.out).at("result") ==
        json::parse(R"({"files": 1, "skipped_files": 0, "failed_files": 0, "words": 3,
    "different_words": 2, "processes": 5, "top": [{"word": "b", "count": 2}, {"word": "a", "count": 1}]})"));
}
