// What actors print comes out of the host, in whole lines.
#include "support/program.hpp"
#include "support/scaled.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in{text};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> output_of(const std::string& mode, const std::string& what) {
  support::program driver{PRINTING_DRIVER_PATH, {mode, what}};
  auto lines = lines_of(driver.rest());
  INFO(driver.errors());
  CHECK(driver.wait().code == 0);
  REQUIRE_FALSE(lines.empty());
  CHECK(lines.back() == "host's end");
  lines.pop_back();
  return lines;
}

/// What a crowd's host passes on, read as it comes.
struct crowd_account {
  std::map<std::string, int> next;            ///< by name: how many lines have come, whole and in order
  std::vector<std::string> odd;               ///< the first lines that are neither
  std::map<std::string, std::string> report;  ///< by name: what the host was told of its end
};

void take_line(crowd_account& so_far, const std::string& line) {
  static const std::string filling(4096, 'x');
  if (line.starts_with("host: ")) {
    so_far.report[line.substr(6, 3)] = line.substr(10);
    return;
  }
  const auto name = line.substr(0, 3);
  const auto head = name + " " + std::to_string(so_far.next[name]++) + " ";
  const auto rest = std::string_view{line}.substr(std::min(line.size(), head.size()));
  const bool is_whole = line.size() == filling.size() && line.starts_with(head) && filling.starts_with(rest);
  if (!is_whole && so_far.odd.size() < 3) so_far.odd.push_back(line.substr(0, 40));
}

void check_crowd(int count) {
  support::program driver{PRINTING_DRIVER_PATH, {"plain", "crowd", std::to_string(count)}};
  crowd_account seen;
  auto line = driver.line();
  for (; line && *line != "host's end"; line = driver.line()) take_line(seen, *line);
  CHECK(line);
  CHECK(driver.wait().code == 0);
  CHECK(seen.odd == std::vector<std::string>{});
  REQUIRE(seen.next.size() == 16);
  REQUIRE(seen.report.size() == 16);
  for (const auto& [name, lines] : seen.next) {
    CHECK(lines == count);
    CHECK(seen.report[name] == "killed by SIGABRT: last of " + name + ", without end");
  }
  auto complaints = lines_of(driver.errors());
  std::sort(complaints.begin(), complaints.end());
  REQUIRE(complaints.size() == 16);
  auto complaint = complaints.begin();
  for (const auto& [name, lines] : seen.next) CHECK(*complaint++ == "last of " + name + ", without end");
}

}  // namespace

TEST_CASE("of sixteen that print and die every line is whole and in order, and the last words are told") {
  check_crowd(support::scaled(10'000));
}

TEST_CASE("many actors that print at once are printed in whole lines, each one's in order") {
  const auto mode = GENERATE(as<std::string>{}, "plain", "tagged");
  const auto lines = output_of(mode, "many");
  CHECK(lines.size() == 4000);
  std::map<std::string, int> next;
  bool whole = true;
  for (auto line : lines) {
    const auto name = line.substr(mode == "tagged" ? 1 : 0, 2);
    if (mode == "tagged") {
      whole = whole && line.starts_with("[" + name + "] ");
      line.erase(0, 5);
    }
    const auto head = name + " " + std::to_string(next[name]++) + " ";
    whole = whole && line == head + std::string(4000 - head.size(), 'x');
  }
  CHECK(whole);
  CHECK(next.size() == 8);
}

TEST_CASE("a last line without an end is printed, and ended") {
  CHECK(output_of("plain", "half") == std::vector<std::string>{"no end", "next 0 xxx"});
  CHECK(output_of("tagged", "half") == std::vector<std::string>{"[half] no end", "[next] next 0 xxx"});
}

TEST_CASE("discarded output is not printed, and last words are known all the same") {
  CHECK(output_of("discard", "many").empty());
  support::program driver{PRINTING_DRIVER_PATH, {"discard", "die"}};
  CHECK(lines_of(driver.rest()) ==
        std::vector<std::string>{"host: complaint", "last line without end", "host's end"});
  CHECK(driver.wait().code == 0);
  CHECK(driver.errors().empty());
}

TEST_CASE("the standard error goes to the host's, a death's last line included") {
  support::program driver{PRINTING_DRIVER_PATH, {"tagged", "die"}};
  driver.rest();
  CHECK(driver.wait().code == 0);
  CHECK(driver.errors() == "[loud] complaint\n[loud] last line without end\n");
}
