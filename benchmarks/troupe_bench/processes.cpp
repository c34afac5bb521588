#include "processes.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace bench {

namespace {

std::filesystem::path place_of(const std::string& process) {
  return std::filesystem::path{"/proc"} / process;
}

void add_children(std::vector<std::string>& to, const std::string& process) {
  std::error_code gone;  // a process that has ended in the meantime has no threads
  for (const auto& thread : std::filesystem::directory_iterator{place_of(process) / "task", gone}) {
    std::ifstream children{thread.path() / "children"};
    for (std::string pid; children >> pid;) to.push_back(pid);
  }
}

/// The kB of a line `Name:   4 kB`.
double kilobytes(const std::string& line) { return std::stod(line.substr(line.find(':') + 1)); }

/// The first line of a mapping: `55e4-55e5 rw-p 00000000 00:00 0   [heap]`. The others begin with a name and a colon.
bool begins_mapping(const std::string& line) { return line.find('-') < line.find(' '); }

double& kind_of_mapping(const std::string& line, private_memory& of) {
  std::istringstream words{line};
  std::string addresses, access, offset, device, inode, name;
  words >> addresses >> access >> offset >> device >> inode >> name;
  if (access.ends_with('s')) return of.shared;
  if (name == "[heap]") return of.heap;
  if (name == "[stack]") return of.stack;
  return name.starts_with('/') ? of.files : of.other;
}

}  // namespace

std::vector<std::string> descendants() {
  std::vector<std::string> all;
  add_children(all, "self");
  for (std::size_t i = 0; i < all.size(); ++i) add_children(all, std::string{all[i]});
  return all;
}

private_memory private_memory_of(const std::string& process) {
  private_memory found;
  auto* kind = &found.other;
  std::ifstream lines{place_of(process) / "smaps"};
  for (std::string line; std::getline(lines, line);) {
    if (begins_mapping(line)) {
      kind = &kind_of_mapping(line, found);
    } else if (line.starts_with("Private_")) {
      *kind += kilobytes(line);
    }
  }
  return found;
}

double shared_memory_of(const std::vector<std::string>& processes) {
  double sum = 0;
  for (const auto& process : processes) {
    std::ifstream lines{place_of(process) / "smaps_rollup"};
    for (std::string line; std::getline(lines, line);) {
      // A page that n processes have is an n-th of a page in each of them.
      if (line.starts_with("Pss_Shmem:")) sum += kilobytes(line);
    }
  }
  return sum;
}

std::size_t descriptors_of(const std::string& process) {
  const std::filesystem::directory_iterator open{place_of(process) / "fd"};
  return static_cast<std::size_t>(std::distance(begin(open), end(open)));
}

}  // namespace bench
