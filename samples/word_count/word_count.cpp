// Counts the words of the text files below a folder: one process walks, several count, several merge.
//
// A word is a run of the letters A to Z, in lower case; README.md has the shell pipeline that counts the same.
#include <troupe/launcher.hpp>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct settings {
  fs::path path = "/usr/share/common-licenses";
  unsigned counters = 2;
  unsigned mergers = 2;
  unsigned top = 10;
};

/// The regular files below a folder (or the one that it is), in order, found as they are asked for. Links are not
/// followed, but for the start: so nothing is found twice, and there are no circles.
class walk {
 public:
  struct found {
    std::string path;
    std::string problem;  ///< why the folder `path` cannot be read; empty for a file
  };

  explicit walk(const fs::path& start) {
    std::error_code ignored;
    if (fs::is_regular_file(start, ignored)) {
      waiting_.push_back({start, fs::file_type::regular});
    } else {
      waiting_.push_back({start, fs::file_type::directory});
    }
  }

  std::optional<found> next() {
    while (!waiting_.empty()) {
      const auto here = std::move(waiting_.back());
      waiting_.pop_back();
      if (here.type == fs::file_type::regular) return found{here.path.string(), {}};
      if (const auto problem = open(here.path)) return found{here.path.string(), problem.message()};
    }
    return std::nullopt;
  }

 private:
  struct place {
    fs::path path;
    fs::file_type type;
  };

  std::error_code open(const fs::path& folder) {
    std::error_code problem;
    std::vector<place> inside;
    for (fs::directory_iterator entry{folder, problem}; !problem && entry != fs::end(entry);
         entry.increment(problem)) {
      std::error_code vanished;  // then its type is none, and it is left out
      const auto type = entry->symlink_status(vanished).type();
      if (type == fs::file_type::regular || type == fs::file_type::directory)
        inside.push_back({entry->path(), type});
    }
    std::sort(inside.begin(), inside.end(),
              [](const auto& a, const auto& b) { return a.path.native() > b.path.native(); });
    waiting_.insert(waiting_.end(), inside.begin(), inside.end());  // the last is the next
    return problem;
  }

  std::vector<place> waiting_;
};

/// The source: the paths of the files, by their place in the walk.
class walker {
 public:
  explicit walker(std::string start) : start_{std::move(start)}, walk_{start_} {}

  std::optional<std::string> next(std::uint64_t position) {
    if (position < at_) {
      walk_ = walk{start_};
      at_ = 0;
    }
    auto file = walk_.next();
    for (++at_; file && at_ <= position; ++at_) file = walk_.next();
    if (!file) return std::nullopt;
    if (!file->problem.empty()) throw troupe::item_failed{file->path + ": " + file->problem};
    return file->path;
  }

 private:
  std::string start_;
  walk walk_;
  std::uint64_t at_ = 0;  ///< the position of what `walk_` finds next
};

/// A word and how often it is in one file; no word for a file that was skipped.
struct finding {
  std::string word{};
  std::uint64_t count = 0;
};

/// Cuts text that comes in pieces into words.
class word_counter {
 public:
  void read(std::string_view text) {
    for (const char c : text) {
      const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      if (lower >= 'a' && lower <= 'z') {
        word_ += lower;
      } else {
        end_word();
      }
    }
  }
  const std::unordered_map<std::string, std::uint64_t>& counts() {
    end_word();
    return counts_;
  }

 private:
  void end_word() {
    if (word_.empty()) return;
    ++counts_[word_];
    word_.clear();
  }

  std::string word_;
  std::unordered_map<std::string, std::uint64_t> counts_;
};

class counter {
 public:
  void operator()(const std::string& path, troupe::outlet<finding>& out) {
    constexpr std::size_t looked_at = 8192;  // a NUL byte there, and it is taken for binary
    std::ifstream file{path, std::ios::binary};
    if (!file) fail(path);
    word_counter words;
    bool is_first = true;
    while (const auto size = read(file, path)) {
      const std::string_view text{buffer_.data(), size};
      if (std::exchange(is_first, false) && text.substr(0, looked_at).find('\0') != text.npos) {
        std::cerr << "skipped " << path << ": a binary file" << std::endl;
        out.emit({.count = 1});
        return;
      }
      words.read(text);
    }
    for (const auto& [word, count] : words.counts()) out.emit({word, count});
  }

 private:
  std::size_t read(std::ifstream& file, const std::string& path) {
    errno = 0;
    file.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    if (file.bad()) fail(path);
    return static_cast<std::size_t>(file.gcount());
  }
  [[noreturn]] static void fail(const std::string& path) {
    throw troupe::item_failed{path + ": " + std::generic_category().message(errno != 0 ? errno : EIO)};
  }

  std::vector<char> buffer_ = std::vector<char>(1 << 16);
};

/// What a merger knows at the end: all about its words, no other merger has them.
struct tally {
  std::uint64_t words = 0;
  std::uint64_t different = 0;
  std::uint64_t skipped_files = 0;
  std::vector<finding> top;
};

/// The most frequent first; `count` of them, or all where that is 0.
std::vector<finding> most_frequent(std::vector<finding> all, std::size_t count) {
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.count != b.count ? a.count > b.count : a.word < b.word;
  });
  if (count != 0 && count < all.size()) all.resize(count);
  return all;
}

class merger {
 public:
  explicit merger(unsigned top) : top_{top} {}

  void operator()(const finding& next) {
    if (next.word.empty()) {
      skipped_files_ += next.count;
    } else {
      counts_[next.word] += next.count;
    }
  }

  // A merger that dies is replaced by one that goes on from here.
  tally save() const { return result_of(0); }
  void restore(const tally& saved) {
    skipped_files_ = saved.skipped_files;
    for (const auto& [word, count] : saved.top) counts_[word] = count;
  }

  tally result() const { return result_of(top_); }

 private:
  /// With the `top` most frequent words; 0: all of them, in any order.
  tally result_of(unsigned top) const {
    tally all{.different = counts_.size(), .skipped_files = skipped_files_, .top = {}};
    for (const auto& [word, count] : counts_) {
      all.words += count;
      all.top.push_back({word, count});
    }
    if (top != 0) all.top = most_frequent(std::move(all.top), top);
    return all;
  }

  unsigned top_;
  std::uint64_t skipped_files_ = 0;
  std::unordered_map<std::string, std::uint64_t> counts_;
};

std::string lines(const std::vector<finding>& words) {
  std::string text;
  for (const auto& [word, count] : words) {
    const auto number = std::to_string(count);
    text.append(number.size() < 7 ? 7 - number.size() : 0, ' ')
        .append(number)
        .append(" ")
        .append(word)
        .append("\n");
  }
  return text;
}

troupe::summary summarize(const std::vector<tally>& mergers, const troupe::run_report& run,
                          const settings& given) {
  tally all;
  for (const auto& each : mergers) {
    all.words += each.words;
    all.different += each.different;
    all.skipped_files += each.skipped_files;
    all.top.insert(all.top.end(), each.top.begin(), each.top.end());
  }
  all.top = most_frequent(std::move(all.top), given.top);
  const auto files = run.items.out - all.skipped_files;
  const auto processes = 1 + given.counters + given.mergers;
  boost::json::array top;
  for (const auto& [word, count] : all.top) top.push_back({{"word", word}, {"count", count}});
  const boost::json::object json{
      {"files", files},       {"skipped_files", all.skipped_files}, {"failed_files", run.items.failed},
      {"words", all.words},   {"different_words", all.different},   {"processes", processes},
      {"top", std::move(top)}};
  std::string text = lines(all.top);
  text += std::to_string(all.words) + " words, " + std::to_string(all.different) + " different, in " +
          std::to_string(files) + " files";
  if (all.skipped_files > 0) text += "; " + std::to_string(all.skipped_files) + " binary files skipped";
  if (run.items.failed > 0) text += "; " + std::to_string(run.items.failed) + " could not be read";
  text += "\n" + std::to_string(processes) + " processes: 1 walked, " + std::to_string(given.counters) +
          " counted, " + std::to_string(given.mergers) + " merged\n";
  return {.json = boost::json::serialize(json), .text = text};
}

/// Says at once what would only be found out much later, by another process.
void check(const fs::path& path) {
  const auto quoted = "'" + path.string() + "' ";
  std::error_code problem;
  const auto type = fs::status(path, problem).type();
  if (type == fs::file_type::not_found)
    throw troupe::launcher::bad_option{"path", quoted + "does not exist: name a folder or a file"};
  if (type == fs::file_type::none)
    throw troupe::launcher::bad_option{"path", quoted + "cannot be read: " + problem.message()};
  if (type != fs::file_type::directory && type != fs::file_type::regular) {
    throw troupe::launcher::bad_option{"path", quoted + "is neither a folder nor a file"};
  }
  const auto first = walk{path}.next();
  if (!first)
    throw troupe::launcher::bad_option{
        "path", quoted + "holds no files (links in it are not followed): name a folder with text files"};
  if (first->path == path && !first->problem.empty()) {
    throw troupe::launcher::bad_option{"path", quoted + "cannot be read: " + first->problem};
  }
}

troupe::topology word_count(const settings& given) {
  check(given.path);
  troupe::topology graph{"word_count"};
  const auto files = graph.source<walker>("files", given.path.string());
  const auto count = graph.stage<counter>("count", {.replicas = given.counters});
  const auto merge = graph.sink<merger>("merge", {.replicas = given.mergers}, given.top);
  graph.connect(files, count);                                  // a file goes to whichever counter is free
  graph.connect(count, merge, troupe::by_key<&finding::word>);  // a word always goes to the same merger
  graph.conclude(merge, [given](const std::vector<tally>& mergers, const troupe::run_report& run) {
    return summarize(mergers, run, given);
  });
  return graph;
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>("word_count", "Counts the words of the text files below a folder.",
                                      word_count)
        .group("Pipelines")
        .option("path", &settings::path, "the folder, or one file")
        .option("counters", &settings::counters, "processes that count", {.least = 1, .most = 256})
        .option("mergers", &settings::mergers, "processes that merge, each its share of the words",
                {.least = 1, .most = 256})
        .option("top", &settings::top, "how many words to show; 0 for all");

}  // namespace
