// The web site that is crawled: so many pages that link to each other, on the loopback interface.
#pragma once

#include <troupe/dict.hpp>
#include <troupe/queue.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace web_scraper {

struct site_settings {
  unsigned pages = 0;
  std::chrono::milliseconds latency{};  ///< before each answer
};

/// Serves until it is asked to stop: "/" and "/page/N", everything else is 404. To be spawned. Says its port, then counts
/// each request in `hits`.
void serve(site_settings given, troupe::queue<std::uint16_t> port,
           troupe::dict<std::string, std::uint64_t> hits);

}  // namespace web_scraper
