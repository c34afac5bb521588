#include "samples/sample.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

namespace json = boost::json;
using Catch::Contains;

json::value crawl(std::vector<std::string> options) {
  options.insert(options.end(), {"--politeness", "0ms", "--latency", "1ms"});
  return samples::report_of("web_scraper", options).at("result");
}

std::string address(unsigned page) { return page == 0 ? "/" : "/page/" + std::to_string(page); }

/// The links of the site's pages, each once, by the rule that its source states.
std::set<std::string> links_of(unsigned page, unsigned pages) {
  std::set<std::string> all{address(page / 2), address((7 * page + 3) % pages)};
  for (const auto next : {2 * page + 1, 2 * page + 2}) {
    if (next < pages) all.insert(address(next));
  }
  if (page % 5 == 4) all.insert("/missing/" + std::to_string(page));
  return all;
}

/// The least number of links from the first page to each.
std::map<std::string, unsigned> depths(unsigned pages) {
  std::map<std::string, unsigned> of{{"/", 0}};
  std::vector<unsigned> level{0};
  for (unsigned depth = 1; !level.empty(); ++depth) {
    std::vector<unsigned> next;
    for (const auto page : level) {
      for (const auto& link : links_of(page, pages)) {
        if (!of.emplace(link, depth).second) continue;
        if (link.starts_with("/page/")) next.push_back(static_cast<unsigned>(std::stoul(link.substr(6))));
      }
    }
    level = next;
  }
  return of;
}

}  // namespace

TEST_CASE("a crawler reads every page of the site once, and finds every link") {
  const auto result = crawl({"--pages", "60", "--depth", "100", "--workers", "4"});
  const auto expected = depths(60);
  REQUIRE(expected.size() > 60);  // with those that are missing
  const auto& requests = result.at("requests").as_object();
  CHECK(requests.size() == expected.size());
  for (const auto& request : requests) {
    CHECK(expected.contains(std::string{request.key()}));
    CHECK(request.value() == 1);
  }
  for (const auto& each : result.at("pages").as_array()) {
    const std::string target{each.at("page").as_string()};
    INFO(target);
    REQUIRE(expected.contains(target));
    CHECK(each.at("depth") == expected.at(target));
    std::set<std::string> links;
    for (const auto& link : each.at("links").as_array()) links.emplace(link.as_string());
    if (target.starts_with("/missing")) {
      CHECK(each.at("status") == 404);
      CHECK(links.empty());
    } else {
      const auto page = target == "/" ? 0U : static_cast<unsigned>(std::stoul(target.substr(6)));
      CHECK(each.at("status") == 200);
      CHECK(each.at("title").as_string() == "Page " + std::to_string(page));
      CHECK(links == links_of(page, 60));
    }
  }
}

TEST_CASE("a crawler goes no deeper than it is told") {
  std::size_t within = 0;
  for (const auto& page : depths(200)) within += page.second <= 3 ? 1 : 0;
  const auto result = crawl({"--pages", "200", "--depth", "3"});
  CHECK(result.at("pages").as_array().size() == within);
  CHECK(result.at("requests").as_object().size() == within);
  CHECK(crawl({"--depth", "0"}).at("pages").as_array().size() == 1);
}

TEST_CASE("a crawler's frontier is bounded, and what found no room is counted") {
  const auto result = crawl({"--pages", "60", "--depth", "100", "--frontier", "1"});
  CHECK(result.at("left_out").to_number<int>() > 0);
  CHECK(result.at("pages").as_array().size() < depths(60).size());
  for (const auto& request : result.at("requests").as_object()) CHECK(request.value() == 1);
}

TEST_CASE("a crawler draws the links as DOT") {
  const auto file =
      std::filesystem::temp_directory_path() / ("web_scraper_test." + std::to_string(::getpid()));
  const auto result = crawl({"--pages", "6", "--dot", file.string()});
  std::ifstream in{file};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  std::filesystem::remove(file);
  CHECK(result.at("dot").as_string() == text);
  CHECK_THAT(text, Contains("digraph site {\n") && Contains("\"/\" -> \"/page/1\";\n") &&
                       Contains("\"/missing/4\" [color=red];\n"));
}

TEST_CASE("a page whose reader is killed is read by another") {
  support::program command{
      TROUPE_COMMAND_PATH,
      {"run", "web_scraper", "--json", "--latency", "300ms", "--politeness", "0ms", "--depth", "2"}};
  pid_t worker = 0;
  REQUIRE(support::wait_until(
      [&] { return (worker = support::descendant_called("worker-2", command.pid())) != 0; }));
  ::kill(worker, SIGKILL);
  const auto all = json::parse(command.rest());
  CHECK(command.wait().code == 0);
  CHECK(all.at("ok") == true);
  CHECK(all.at("result").at("workers_died") == 1);
  std::size_t within = 0;
  for (const auto& page : depths(24)) within += page.second <= 2 ? 1 : 0;
  CHECK(all.at("result").at("pages").as_array().size() == within);
}

TEST_CASE("a crawler without room for a page is refused") {
  samples::check_refused("web_scraper", {"--frontier", "0"},
                         Contains("--frontier: ") && Contains("the least is 1"));
}

TEST_CASE("Ctrl-C ends a crawler and its site") {
  samples::check_interrupt("web_scraper", {"--politeness", "10s"}, 5);
}
