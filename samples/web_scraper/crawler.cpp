#include "crawler.hpp"

#include <troupe/this_actor.hpp>

#include <algorithm>
#include <thread>
#include <utility>

namespace web_scraper {
namespace {

using clock = std::chrono::steady_clock;
constexpr unsigned most_attempts = 2;

std::int64_t now() { return std::chrono::nanoseconds{clock::now().time_since_epoch()}.count(); }

/// One depth after the other: else a page might be found by a longer way first, and its own links be too deep then.
bool is_ahead(const frontier& of) {
  return std::any_of(of.in_hand.begin(), of.in_hand.end(),
                     [&](const auto& each) { return each.second.depth < of.waiting.back().depth; });
}

}  // namespace

assignment take_next(frontier& from, const std::string& worker) {
  assignment given;
  given.is_over = from.waiting.empty() && from.in_hand.empty();
  if (from.waiting.empty() || is_ahead(from)) return given;
  given.next = std::move(from.waiting.back());
  from.waiting.pop_back();
  ++given.next->attempt;
  from.in_hand[worker] = *given.next;
  given.begin_at = std::max(now(), from.free_at);
  from.free_at = given.begin_at + from.politeness;
  return given;
}

void finish(frontier& at, const std::string& worker, const std::vector<std::string>& links) {
  const auto depth = at.in_hand.at(worker).depth + 1;
  at.in_hand.erase(worker);
  if (depth > at.deepest) return;
  for (const auto& link : links) {
    if (at.seen.contains(link)) continue;
    if (at.waiting.size() >= at.room) {
      ++at.left_out;
    } else {
      at.seen.insert(link);
      at.waiting.insert(at.waiting.begin(), {link, depth, 0});
    }
  }
}

void give_back(frontier& to, const std::string& worker) {
  const auto lost = to.in_hand.extract(worker);
  if (!lost.empty() && lost.mapped().attempt < most_attempts) to.waiting.push_back(lost.mapped());
}

void crawl(site_access site, troupe::record<frontier> shared, troupe::dict<std::string, found> pages) {
  const auto me = troupe::this_actor::name();
  for (;;) {
    const auto given = shared.update<take_next>(me);
    if (given.is_over) return;
    if (!given.next) {  // others are at pages that may bring more
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
      continue;
    }
    std::this_thread::sleep_until(clock::time_point{std::chrono::nanoseconds{given.begin_at}});
    auto page = fetch(site.port, given.next->target, site.patience);
    pages.set(given.next->target, {given.next->depth, page});
    shared.update<finish>(me, page.links);
  }
}

}  // namespace web_scraper
