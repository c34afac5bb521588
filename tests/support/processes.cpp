#include "support/processes.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace support {
namespace {

std::string proc(pid_t pid, const std::string& what) { return "/proc/" + std::to_string(pid) + "/" + what; }

// The fields of /proc/<pid>/stat behind the command, which may hold anything. None where it has gone, be it in between.
std::vector<std::string> fields_of(pid_t pid) {
  std::ifstream file{proc(pid, "stat")};
  std::ostringstream text;
  text << file.rdbuf();  // where reading fails, that sets a bit
  const auto all = text.str();
  const auto end = all.rfind(')');
  if (end == std::string::npos) return {};
  std::vector<std::string> fields;
  std::string field;
  for (const char c : all.substr(end + 2)) {
    if (c != ' ') {
      field.push_back(c);
    } else {
      fields.push_back(std::exchange(field, {}));
    }
  }
  return fields;
}

}  // namespace

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> found;
  std::error_code gone;
  for (const auto& thread : std::filesystem::directory_iterator{proc(pid, "task"), gone}) {
    std::ifstream file{thread.path() / "children"};
    std::copy(std::istream_iterator<pid_t>{file}, {}, std::back_inserter(found));
  }
  return found;
}

std::vector<pid_t> descendants_of(pid_t pid) {
  auto found = children_of(pid);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto below = children_of(found[i]);
    found.insert(found.end(), below.begin(), below.end());
  }
  return found;
}

std::set<int> open_descriptors_of(pid_t pid) {
  std::set<int> found;
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator{proc(pid, "fd"), gone})
    found.insert(std::atoi(entry.path().filename().c_str()));
  return found;
}

std::set<int> open_descriptors() {
  auto found = open_descriptors_of(::getpid());
  // One of them was the directory itself.
  std::erase_if(found, [](int number) { return describe_descriptor(number).empty(); });
  return found;
}

std::string describe_descriptor(int number) {
  std::error_code gone;
  const auto target = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(number), gone);
  return gone ? std::string{} : std::to_string(number) + " -> " + target.string();
}

std::string command_of(pid_t pid) {
  std::ifstream file{proc(pid, "comm")};
  std::string name;
  std::getline(file, name);
  return name;
}

char state_of(pid_t pid) {
  const auto fields = fields_of(pid);
  return fields.empty() ? '\0' : fields[0].front();
}

pid_t parent_of(pid_t pid) {
  const auto fields = fields_of(pid);
  return fields.empty() ? 0 : std::atoi(fields[1].c_str());
}

pid_t session_of(pid_t pid) {
  const auto fields = fields_of(pid);
  return fields.empty() ? 0 : std::atoi(fields[3].c_str());
}

std::size_t resident_bytes_of(pid_t pid) {
  std::ifstream file{proc(pid, "statm")};
  std::size_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t data_bytes_of(pid_t pid) {
  std::ifstream file{proc(pid, "status")};
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmData:")) return std::stoull(line.substr(7)) * 1024;
  }
  return 0;
}

pid_t descendant_called(const std::string& command, pid_t pid) {
  for (const pid_t one : descendants_of(pid)) {
    if (command_of(one) == command) return one;
  }
  return 0;
}

std::chrono::milliseconds usual_patience() {
  const char* const given = std::getenv("TROUPE_TEST_PATIENCE");
  return std::chrono::seconds{given == nullptr ? 20 : std::atoi(given)};
}

bool wait_until_ended(pid_t pid, std::chrono::milliseconds patience) {
  const auto handle = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (handle == -1) return true;
  pollfd watched{handle, POLLIN, 0};
  const bool ended = ::poll(&watched, 1, static_cast<int>(patience.count())) == 1;
  ::close(handle);
  return ended;
}

bool wait_until(const std::function<bool()>& done, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!done()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    ::poll(nullptr, 0, 1);
  }
  return true;
}

void become_subreaper() { ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

}  // namespace support
