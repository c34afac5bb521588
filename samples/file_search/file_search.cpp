// A parallel grep: one process walks the files below a folder, several search them, one gathers what they find.
//
// The lines are those of grep -rnI (-F, or -E with --regex) in the locale C; README.md has the comparison.
#include <troupe/available_cpus.hpp>
#include <troupe/launcher.hpp>

#include "matcher.hpp"
#include "walk.hpp"

#include <boost/json.hpp>
#include <boost/locale/utf.hpp>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace file_search {
namespace {

namespace fs = std::filesystem;

struct settings {
  std::string pattern = "warranty";
  fs::path path = "/usr/share/common-licenses";
  bool regex = false;
  bool ignore_case = false;
  bool count = false;
  unsigned context = 0;
  bool follow = false;
  unsigned searchers = troupe::available_cpus();
};

/// Files that go to a searcher together: one alone is hardly worth the way.
using batch = std::vector<found>;
constexpr std::size_t batch_size = 16;

class walker {
 public:
  walker(std::string start, bool follow) : start_{std::move(start)}, follow_{follow}, walk_{start_, follow} {}

  /// The files by their place in the walk; it begins anew where it is asked for a place that is behind it.
  std::optional<batch> next(std::uint64_t position) {
    if (position < at_) {
      walk_ = walk{start_, follow_};
      at_ = 0;
    }
    auto files = read();
    for (++at_; !files.empty() && at_ <= position; ++at_) files = read();
    return files.empty() ? std::nullopt : std::optional{std::move(files)};
  }

 private:
  batch read() {
    batch files;
    while (files.size() < batch_size) {
      auto file = walk_.next();
      if (!file) break;
      files.push_back(std::move(*file));
    }
    return files;
  }

  std::string start_;
  bool follow_;
  walk walk_;
  std::uint64_t at_ = 0;  ///< the position of what `walk_` finds next
};

/// What was found in a file, if anything.
struct finding {
  std::string path;
  std::string problem{};
  matches found{};
};

/// What came of a batch.
struct search_report {
  std::uint64_t files = 0;  ///< searched
  std::uint64_t binary = 0;
  std::vector<finding> findings{};
};

class searcher {
 public:
  explicit searcher(query what) : matcher_{std::move(what)} {}

  void operator()(const batch& files, troupe::outlet<search_report>& out) {
    search_report report;
    for (const auto& [path, problem] : files) {
      auto reason = problem.empty() ? read(path) : problem;
      if (reason.empty() && text_.find('\0') != text_.npos) {
        ++report.binary;
        continue;
      }
      finding here{.path = path};
      if (reason.empty()) {
        ++report.files;
        reason = search(here.found);
      }
      here.problem = std::move(reason);
      if (here.found.count > 0 || !here.problem.empty()) report.findings.push_back(std::move(here));
    }
    out.emit(report);
  }

 private:
  /// The file's bytes into `text_`; of a binary file at least the part that shows it to be one. Returns what was in the
  /// way, empty for nothing.
  std::string read(const std::string& path) {
    errno = 0;
    std::ifstream file{path, std::ios::binary};
    text_.clear();
    for (std::size_t size = 0, piece = 1 << 15; file; piece *= 2) {
      text_.resize(size + piece);
      file.read(text_.data() + size, static_cast<std::streamsize>(piece));
      text_.resize(size + static_cast<std::size_t>(file.gcount()));
      if (text_.find('\0', size) != text_.npos) return {};
      size = text_.size();
    }
    if (file.eof() && !file.bad()) return {};
    return std::generic_category().message(errno != 0 ? errno : EIO);
  }

  std::string search(matches& found) {
    try {
      found = matcher_.search(text_);
      return {};
    } catch (const std::runtime_error& problem) {  // a regular expression that would take for ever
      return problem.what();
    }
  }

  matcher matcher_;
  std::string text_;
};

class gatherer {
 public:
  void operator()(const search_report& next) {
    all_.files += next.files;
    all_.binary += next.binary;
    all_.findings.insert(all_.findings.end(), next.findings.begin(), next.findings.end());
  }
  search_report result() { return std::move(all_); }

  // A gatherer that dies is replaced by one that goes on from here.
  search_report save() const { return all_; }
  void restore(search_report saved) { all_ = std::move(saved); }

 private:
  search_report all_;
};

/// JSON is UTF-8, and files hold any bytes: what is none becomes U+FFFD.
std::string as_utf8(const std::string& text) {
  using utf8 = boost::locale::utf::utf_traits<char>;
  std::string result;
  for (auto at = text.begin(); at != text.end();) {
    const auto start = at;
    const auto decoded = utf8::decode(at, text.end());
    if (decoded == boost::locale::utf::illegal || decoded == boost::locale::utf::incomplete) {
      result += "\xEF\xBF\xBD";
      at = start + 1;
    } else {
      result.append(start, at);
    }
  }
  return result;
}

/// As grep prints them: "path:number:text", "path-number-text" around it, "--" between lines that are apart.
std::string text_of(const std::vector<finding>& findings, const settings& given) {
  std::string text;
  for (const auto& [path, problem, found] : findings) {
    if (given.count && found.count > 0) text += path + ":" + std::to_string(found.count) + "\n";
    std::uint64_t before = 0;
    for (const auto& [number, is_match, content] : found.lines) {
      if (given.context > 0 && !text.empty() && (before == 0 || number != before + 1)) text += "--\n";
      const char mark = is_match ? ':' : '-';
      text += path;
      text += mark;
      text += std::to_string(number);
      text += mark;
      text += content;
      text += '\n';
      before = number;
    }
  }
  return text;
}

boost::json::array json_of(const std::vector<finding>& findings) {
  boost::json::array all;
  for (const auto& [path, problem, found] : findings) {
    if (found.count == 0) continue;
    boost::json::array lines;
    for (const auto& each : found.lines)
      lines.push_back({{"number", each.number}, {"matches", each.matches}, {"text", as_utf8(each.text)}});
    all.push_back({{"path", as_utf8(path)}, {"count", found.count}, {"lines", std::move(lines)}});
  }
  return all;
}

troupe::summary summarize(const search_report& all, const settings& given) {
  troupe::summary result;
  std::uint64_t lines = 0, files = 0;
  for (const auto& each : all.findings) {
    lines += each.found.count;
    files += each.found.count > 0 ? 1 : 0;
    if (!each.problem.empty()) result.errors.push_back(each.path + ": " + each.problem);
  }
  result.text = text_of(all.findings, given) + std::to_string(lines) + " lines match, in " +
                std::to_string(files) + " of " + std::to_string(all.files) + " files; " +
                std::to_string(all.binary) + " binary files skipped\n";
  result.json = boost::json::serialize(boost::json::object{{"matching_lines", lines},
                                                           {"matching_files", files},
                                                           {"files", all.files},
                                                           {"binary_files", all.binary},
                                                           {"unreadable_files", result.errors.size()},
                                                           {"found", json_of(all.findings)}});
  return result;
}

/// Says at once what would only be found out much later, by another process.
query checked(const settings& given) {
  query what{given.pattern, given.regex, given.ignore_case, given.context, given.count};
  if (given.pattern.find('\n') != given.pattern.npos)
    throw troupe::launcher::bad_option{"pattern", "a line break in it is never found: lines are searched"};
  try {
    matcher{what};
  } catch (const boost::regex_error& problem) {
    throw troupe::launcher::bad_option{"pattern",
                                       "'" + given.pattern + "' is no regular expression: " + problem.what()};
  }
  const auto first = walk{given.path, given.follow}.next();
  const auto quoted = "'" + given.path.string() + "' ";
  if (!first) throw troupe::launcher::bad_option{"path", quoted + "holds no files: name a folder with files"};
  if (first->path == given.path && !first->problem.empty())
    throw troupe::launcher::bad_option{"path", quoted + "cannot be read: " + first->problem};
  return what;
}

troupe::topology file_search(const settings& given) {
  const auto what = checked(given);
  troupe::topology graph{"file_search"};
  const auto files = graph.source<walker>("files", given.path.string(), given.follow);
  const auto search = graph.stage<searcher>("search", {.replicas = given.searchers}, what);
  const auto gather = graph.sink<gatherer>("gather");
  graph.connect(files, search);                     // files go to whichever searcher is free
  graph.connect(search, gather, troupe::in_order);  // what they find comes in the order of the walk
  graph.conclude(gather, [given](const std::vector<search_report>& all, const troupe::run_report&) {
    return summarize(all.front(), given);
  });
  return graph;
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>("file_search", "A parallel grep over the files below a folder.",
                                      file_search)
        .group("Pipelines")
        .option("pattern", &settings::pattern, "what is searched for")
        .option("path", &settings::path, "the folder, or one file")
        .option("regex", &settings::regex,
                "the pattern is a regular expression, as for grep -E, without back-references (\\1)")
        .option("ignore-case", &settings::ignore_case, "small letters and capitals are the same")
        .option("count", &settings::count, "how many lines match in each file, not the lines")
        .option("context", &settings::context, "lines shown before and after each that matches")
        .option("follow", &settings::follow, "links are followed, as by grep -R")
        .option("searchers", &settings::searchers, "processes that search", {.least = 1, .most = 256});

}  // namespace
}  // namespace file_search
