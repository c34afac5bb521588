// Crawls a web site by several workers that share a frontier in a manager's process. The site is served by an actor of this
// program (site.cpp), so that nothing outside is asked. What comes out is who links to whom, as a table and as DOT.
#include <troupe/launcher.hpp>
#include <troupe/manager.hpp>
#include <troupe/queue.hpp>
#include <troupe/wait.hpp>

#include "crawler.hpp"
#include "site.hpp"

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace web_scraper;

struct settings {
  unsigned pages = 24;
  unsigned workers = 3;
  unsigned depth = 3;
  unsigned frontier = 1000;
  std::chrono::milliseconds politeness = 5ms;
  std::chrono::milliseconds latency = 10ms;
  std::filesystem::path dot{};
};

using page_map = std::map<std::string, found>;

std::string dot_of(const page_map& pages) {
  std::ostringstream text;
  text << "digraph site {\n";
  for (const auto& [target, each] : pages) {
    text << "  " << std::quoted(target) << (each.what.status == 200 ? "" : " [color=red]") << ";\n";
    for (const auto& link : each.what.links)
      text << "  " << std::quoted(target) << " -> " << std::quoted(link) << ";\n";
  }
  text << "}\n";
  return text.str();
}

std::map<std::string, std::size_t> linked_from(const page_map& pages) {
  std::map<std::string, std::size_t> count;
  for (const auto& [target, each] : pages) {
    for (const auto& link : each.what.links) ++count[link];
  }
  return count;
}

std::string table_of(const page_map& pages) {
  const auto linked = linked_from(pages);
  std::ostringstream text;
  text << std::left << std::setw(16) << "page" << std::right << std::setw(6) << "depth" << std::setw(8)
       << "status" << std::setw(6) << "out" << std::setw(6) << "in"
       << "  title\n";
  for (const auto& [target, each] : pages) {
    const auto in = linked.find(target);
    text << std::left << std::setw(16) << target << std::right << std::setw(6) << each.depth << std::setw(8)
         << each.what.status << std::setw(6) << each.what.links.size() << std::setw(6)
         << (in == linked.end() ? 0 : in->second) << "  "
         << (each.what.problem.empty() ? each.what.title : each.what.problem) << '\n';
  }
  return text.str();
}

/// Starts workers, and another one in the place of each that dies. Returns how many did when all is read.
unsigned crawl_with(const settings& given, troupe::actor_system& system, site_access site,
                    const troupe::record<frontier>& shared, const troupe::dict<std::string, found>& pages) {
  std::vector<troupe::process> workers;
  std::vector<troupe::future<troupe::exit_status>> ends;
  const auto hire = [&] {
    const troupe::spawn_options options{.name = "worker-" + std::to_string(workers.size() + 1)};
    workers.push_back(system.spawn<crawl>(options, site, shared, pages));
    ends.push_back(workers.back().ended());
  };
  for (unsigned n = 0; n < given.workers; ++n) hire();
  unsigned died = 0;
  while (const auto ended = troupe::wait_any(ends)) {
    if (ends[*ended].get().ok()) continue;
    if (++died > given.pages) throw std::runtime_error{"the workers die, again and again"};
    shared.update<give_back>(workers[*ended].name());
    hire();
  }
  return died;
}

boost::json::array to_json(const page_map& pages) {
  boost::json::array all;
  for (const auto& [target, each] : pages) {
    all.push_back({{"page", target},
                   {"depth", each.depth},
                   {"status", each.what.status},
                   {"title", each.what.title},
                   {"links", boost::json::value_from(each.what.links)}});
  }
  return all;
}

troupe::summary web_scraper_job(const settings& given, troupe::actor_system& system) {
  const troupe::manager by{system};
  const auto hits = by.make_dict<std::string, std::uint64_t>();
  const auto pages = by.make_dict<std::string, found>();
  frontier start;
  start.waiting = {{"/", 0, 0}};
  start.seen = {"/"};
  start.room = given.frontier;
  start.deepest = given.depth;
  start.politeness = std::chrono::nanoseconds{given.politeness}.count();
  const auto shared = by.make_record(start);

  auto port = system.make_queue<std::uint16_t>();
  const auto site = system.spawn<serve>(troupe::spawn_options{.name = "site"},
                                        site_settings{given.pages, given.latency}, port, hits);
  const auto died = crawl_with(given, system, {port.get().value(), 5s}, shared, pages);
  site.stop();

  const auto all = pages.items();
  const auto left_out = shared.get<&frontier::left_out>();
  const auto dot = dot_of(all);
  std::ostringstream text;
  text << table_of(all) << all.size() << " pages read, " << left_out << " links left out\n";
  if (!given.dot.empty()) {
    if (!(std::ofstream{given.dot} << dot << std::flush))
      throw std::runtime_error{given.dot.string() + ": cannot be written"};
    text << "the graph is in " << given.dot.string() << '\n';
  }
  const boost::json::object json{{"pages", to_json(all)},
                                 {"requests", boost::json::value_from(hits.items())},
                                 {"left_out", left_out},
                                 {"workers_died", died},
                                 {"dot", dot}};
  return {.json = boost::json::serialize(json), .text = text.str()};
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>(
        "web_scraper", "Crawls a local web site, each page once, and draws its links.", web_scraper_job)
        .group("Sharing")
        .option("pages", &settings::pages, "of the site", {.least = 1, .most = 100'000})
        .option("workers", &settings::workers, "processes that read pages", {.least = 1, .most = 64})
        .option("depth", &settings::depth, "links to follow, at most, from the first page")
        .option("frontier", &settings::frontier, "pages that may wait; links beyond that are left out",
                {.least = 1})
        .option("politeness", &settings::politeness, "between two requests, of all workers together")
        .option("latency", &settings::latency, "of the site")
        .option("dot", &settings::dot, "a file for the graph");

}  // namespace
