// One page, over HTTP.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace web_scraper {

struct page {
  unsigned status = 0;  ///< of HTTP; 0: there was no answer
  std::string problem;  ///< then why
  std::string title;
  std::vector<std::string> links;  ///< to this site, in order, each once
};

/// Gets and reads one page of the site at that port of this machine. Waits; a failure is a part of the result.
page fetch(std::uint16_t port, const std::string& target, std::chrono::milliseconds patience);

}  // namespace web_scraper
