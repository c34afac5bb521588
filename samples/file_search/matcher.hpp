// What is searched for, and where it is in a text.
#pragma once

#include <boost/regex.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace file_search {

struct query {
  std::string pattern;
  bool is_regex = false;  ///< a POSIX extended regular expression, as for grep -E; else the text itself
  bool ignore_case = false;
  std::uint32_t context = 0;  ///< lines shown before and after each line that matches
  bool only_count = false;    ///< no lines are wanted
};

struct line {
  std::uint64_t number = 0;  ///< from 1
  bool matches = false;      ///< else it is context
  std::string text;
};

struct matches {
  std::uint64_t count = 0;  ///< lines that match
  std::vector<line> lines;
};

/// Bytes are characters, and letters are A to Z, as for grep in the locale C.
class matcher {
 public:
  /// Throws `boost::regex_error` where the pattern is no regular expression.
  explicit matcher(query what);
  matcher(const matcher&) = delete;
  matcher& operator=(const matcher&) = delete;

  /// Throws `std::runtime_error` where a regular expression takes too long on a line.
  [[nodiscard]] matches search(const std::string& text);

 private:
  struct hit {
    std::uint64_t number = 0;
    std::size_t begin = 0;
    std::size_t end = 0;  ///< of the line, without its newline
  };
  [[nodiscard]] std::optional<hit> next_literal(std::string_view text, std::size_t from) const;
  [[nodiscard]] std::optional<hit> next_regex(std::string_view text, std::size_t from) const;
  void add_lines(std::string_view text, const std::vector<hit>& hits, std::vector<line>& to) const;

  query what_;
  std::boyer_moore_horspool_searcher<std::string::const_iterator> literal_;
  boost::regex regex_;
  std::string folded_;  ///< the text in lower case
};

}  // namespace file_search
