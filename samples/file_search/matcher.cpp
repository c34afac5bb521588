#include "matcher.hpp"

#include <algorithm>
#include <utility>

namespace file_search {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

query folded(query what) {
  if (what.ignore_case && !what.is_regex)
    std::transform(what.pattern.begin(), what.pattern.end(), what.pattern.begin(), lower);
  return what;
}

std::size_t end_of_line(std::string_view text, std::size_t at) {
  return std::min(text.find('\n', at), text.size());
}

std::size_t begin_of_line(std::string_view text, std::size_t at) {
  const auto before = at == 0 ? text.npos : text.rfind('\n', at - 1);
  return before == text.npos ? 0 : before + 1;
}

}  // namespace

matcher::matcher(query what)
    : what_{folded(std::move(what))}, literal_{what_.pattern.begin(), what_.pattern.end()} {
  if (!what_.is_regex) return;
  boost::regex::flag_type flags = boost::regex::extended;
  if (what_.ignore_case) flags |= boost::regex::icase;
  regex_.assign(what_.pattern, flags);
}

matches matcher::search(const std::string& text) {
  const std::string* in = &text;
  if (what_.ignore_case && !what_.is_regex) {
    folded_.resize(text.size());
    std::transform(text.begin(), text.end(), folded_.begin(), lower);
    in = &folded_;
  }
  matches all;
  std::vector<hit> hits;
  std::uint64_t number = 1;
  std::size_t counted = 0;
  for (std::size_t at = 0; at < in->size();) {
    auto next = what_.is_regex ? next_regex(*in, at) : next_literal(*in, at);
    if (!next) break;
    ++all.count;
    if (!what_.only_count) {
      number +=
          static_cast<std::uint64_t>(std::count(text.data() + counted, text.data() + next->begin, '\n'));
      counted = next->begin;
      next->number = number;
      hits.push_back(*next);
    }
    at = next->end + 1;
  }
  add_lines(text, hits, all.lines);
  return all;
}

/// Looks through the text as a whole, not line by line: a literal has no newline in it.
std::optional<matcher::hit> matcher::next_literal(std::string_view text, std::size_t from) const {
  const auto found = std::search(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), literal_);
  if (found == text.end() && !what_.pattern.empty()) return std::nullopt;
  const auto at = static_cast<std::size_t>(found - text.begin());
  return hit{.begin = begin_of_line(text, at), .end = end_of_line(text, at)};
}

std::optional<matcher::hit> matcher::next_regex(std::string_view text, std::size_t from) const {
  // Else a form feed or a carriage return would be the end of a line to ^ and $, which it is not to grep.
  const auto as_one_line = boost::match_any | boost::match_single_line;
  for (auto begin = from; begin < text.size();) {
    const auto end = end_of_line(text, begin);
    if (boost::regex_search(text.data() + begin, text.data() + end, regex_, as_one_line))
      return hit{.begin = begin, .end = end};
    begin = end + 1;
  }
  return std::nullopt;
}

/// The lines of the hits, with those around them; each once.
void matcher::add_lines(std::string_view text, const std::vector<hit>& hits, std::vector<line>& to) const {
  const auto add = [&](std::uint64_t number, std::size_t begin, std::size_t end, bool matches) {
    to.push_back({number, matches, std::string{text.substr(begin, end - begin)}});
  };
  std::size_t shown = 0;  // everything before is shown already, or not wanted
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const auto& each = hits[i];
    auto begin = each.begin;
    auto number = each.number;
    for (; number + what_.context > each.number && begin > shown; --number)
      begin = begin_of_line(text, begin - 1);
    for (; number < each.number; ++number) {
      const auto end = end_of_line(text, begin);
      add(number, begin, end, false);
      begin = end + 1;
    }
    add(each.number, each.begin, each.end, true);
    begin = each.end + 1;
    const auto stop = i + 1 < hits.size() ? hits[i + 1].begin : text.size();
    for (++number; number <= each.number + what_.context && begin < stop; ++number) {
      const auto end = end_of_line(text, begin);
      add(number, begin, end, false);
      begin = end + 1;
    }
    shown = begin;
  }
}

}  // namespace file_search
