// What functions note of their attempts, outside of the library, and a checker of it.
#pragma once

#include <cstddef>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <string>
#include <unistd.h>

namespace tests {

/// A file without a name that this process and its workers append to: each line is one write.
class side_log {
 public:
  side_log() : file_{::open("/tmp", O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600)} {}
  ~side_log() { ::close(file_); }
  side_log(const side_log&) = delete;
  side_log& operator=(const side_log&) = delete;

  /// By which others open it.
  [[nodiscard]] std::string path() const {
    return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(file_);
  }
  [[nodiscard]] std::string text() const {
    std::string all(static_cast<std::size_t>(::lseek(file_, 0, SEEK_END)), '\0');
    all.resize(static_cast<std::size_t>(::pread(file_, all.data(), all.size(), 0)));
    return all;
  }

 private:
  int file_;
};

/// In a worker: "+item" or "-item".
inline void note(const std::string& path, char what, int item) {
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  const auto line = what + std::to_string(item) + " " + std::to_string(::getpid()) + "\n";
  [[maybe_unused]] const auto written = ::write(file, line.data(), line.size());
  ::close(file);
}

/// In a worker that has noted its own beginning: whether another that has begun with that item is still there, be it as a
/// zombie. Of two at once the second to note it sees the first.
inline bool other_attempt_lives(const std::string& path, int item) {
  std::ifstream log{path};
  const auto begun = "+" + std::to_string(item);
  const auto own = std::to_string(::getpid());
  for (std::string what, pid; log >> what >> pid;) {
    if (what == begun && pid != own && std::ifstream{"/proc/" + pid + "/stat"}) return true;
  }
  return false;
}

/// What a side log comes to, by item.
struct attempts {
  std::size_t starts = 0;
  std::size_t ends = 0;
  std::size_t overlaps = 0;       ///< attempts that found another alive, or ended behind another's start
  std::size_t after_the_end = 0;  ///< starts of an item that an earlier attempt had come to the end of
  std::string running;            ///< whose start was the last
};

inline std::map<int, attempts> read_attempts(const side_log& log) {
  std::map<int, attempts> all;
  const auto text = log.text();
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    auto& item = all[std::stoi(text.substr(at + 1, end - at - 1))];
    const auto by = text.substr(text.find(' ', at) + 1, end - text.find(' ', at) - 1);
    if (text[at] == '+') {
      if (item.ends != 0) ++item.after_the_end;
      ++item.starts;
      item.running = by;
    } else if (text[at] == '!') {
      ++item.overlaps;
    } else {
      if (by != item.running) ++item.overlaps;
      ++item.ends;
    }
    at = end + 1;
  }
  return all;
}

}  // namespace tests
