// What the scheduler has counted of threads, for tests that they have nothing to do.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <sys/types.h>
#include <system_error>

namespace support {

/// The threads of a process, by their numbers; none where it is gone.
inline std::set<pid_t> threads_of(pid_t pid) {
  std::set<pid_t> found;
  std::error_code gone;
  const std::filesystem::path all{"/proc/" + std::to_string(pid) + "/task"};
  for (const auto& thread : std::filesystem::directory_iterator{all, gone})
    found.insert(std::atoi(thread.path().filename().c_str()));
  return found;
}

/// What a thread has done since its beginning.
struct work {
  std::uint64_t switches = 0;  ///< how often it has left a processor, of its own will or not
  std::uint64_t ticks = 0;     ///< of its time on processors, most often hundredths of a second

  friend bool operator==(const work&, const work&) = default;
};

/// Of one of the process's threads; nothing where it is gone.
inline work work_of(pid_t pid, pid_t thread) {
  const auto place = "/proc/" + std::to_string(pid) + "/task/" + std::to_string(thread);
  work done;
  std::ifstream status{place + "/status"};
  for (std::string line; std::getline(status, line);) {
    const auto name = line.find("ctxt_switches:");  // voluntary ones and others
    if (name != line.npos) done.switches += std::stoull(line.substr(line.find(':') + 1));
  }
  std::ifstream stat{place + "/stat"};
  std::ostringstream text;
  text << stat.rdbuf();
  const auto all = text.str();
  std::istringstream fields{all.substr(all.rfind(')') + 1)};  // behind the command, which may hold anything
  std::string other;
  for (int field = 3; field < 14; ++field) fields >> other;  // numbered as in proc(5)
  std::uint64_t user = 0, system = 0;
  fields >> user >> system;
  done.ticks = user + system;
  return done;
}

}  // namespace support
