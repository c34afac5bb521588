#include "platform/session.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace troupe::platform {
namespace {

namespace fs = std::filesystem;

// "4711 (a name) S ppid pgrp session ...": the name may have anything in it.
std::optional<pid_t> session_of(const fs::path& process, std::string& name) {
  std::ifstream file{process / "stat"};
  std::stringstream text;
  text << file.rdbuf();
  const auto line = text.str();
  const auto first = line.find('('), last = line.rfind(')');
  if (first == std::string::npos || last == std::string::npos || last < first) return std::nullopt;
  name = line.substr(first + 1, last - first - 1);
  std::istringstream rest{line.substr(last + 1)};
  char state = 0;
  pid_t parent = 0, group = 0, session = 0;
  if (!(rest >> state >> parent >> group >> session)) return std::nullopt;
  return session;
}

}  // namespace

std::vector<session_member> processes_of_session(pid_t leader) {
  std::vector<session_member> all;
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator{"/proc", gone}) {
    const auto number = entry.path().filename().string();
    pid_t pid = 0;
    const auto* const end = number.data() + number.size();
    if (std::from_chars(number.data(), end, pid).ptr != end) continue;
    std::string name;
    if (session_of(entry.path(), name) == leader) all.push_back({pid, std::move(name)});
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
  return all;
}

}  // namespace troupe::platform
