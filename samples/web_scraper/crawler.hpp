// Crawling: workers that share a frontier, the pages that have been found and not been read.
#pragma once

#include <troupe/dict.hpp>
#include <troupe/record.hpp>

#include "fetch.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace web_scraper {

struct visit {
  std::string target;
  unsigned depth = 0;
  unsigned attempt = 0;
};

/// What the workers share. It lives in a manager's process, and every change of it is one of the functions below, run there:
/// no page is taken twice, and none is forgotten with a worker that dies.
struct frontier {
  std::vector<visit> waiting;  ///< the next one last
  std::set<std::string> seen;
  std::map<std::string, visit> in_hand;  ///< by the workers' names
  std::int64_t free_at = 0;              ///< the next request may begin then: nanoseconds of the steady clock
  std::uint64_t left_out = 0;            ///< links for which there was no room

  std::uint64_t room = 0;  ///< for those that wait
  unsigned deepest = 0;
  std::int64_t politeness = 0;  ///< nanoseconds between two requests
};

struct assignment {
  std::optional<visit> next;
  std::int64_t begin_at = 0;
  bool is_over = false;  ///< nothing waits, and nobody is at a page that might bring more
};

assignment take_next(frontier& from, const std::string& worker);
/// The worker has read its page: what it links to is for the others.
void finish(frontier& at, const std::string& worker, const std::vector<std::string>& links);
/// The worker has died: its page is for another, once.
void give_back(frontier& to, const std::string& worker);

/// A page that was read, or could not be.
struct found {
  unsigned depth = 0;
  page what;
};

struct site_access {
  std::uint16_t port = 0;
  std::chrono::milliseconds patience{};
};

/// A worker: reads pages until there are none left. To be spawned.
void crawl(site_access site, troupe::record<frontier> shared, troupe::dict<std::string, found> pages);

}  // namespace web_scraper
