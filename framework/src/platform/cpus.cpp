#include "platform/cpus.hpp"

#include "platform/limits.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

namespace troupe::platform {
namespace {

namespace fs = std::filesystem;

std::optional<double> quotient(double quota, double period) {
  if (!(quota > 0) || !(period > 0)) return std::nullopt;
  return quota / period;
}

// "max 100000", or "150000 100000".
std::optional<double> quota_of_version_2(const fs::path& group) {
  std::ifstream file{group / "cpu.max"};
  double quota = 0, period = 0;
  if (!(file >> quota >> period)) return std::nullopt;
  return quotient(quota, period);
}

// A quota of -1 is none.
std::optional<double> quota_of_version_1(const fs::path& group) {
  std::ifstream quota_file{group / "cpu.cfs_quota_us"}, period_file{group / "cpu.cfs_period_us"};
  double quota = 0, period = 0;
  if (!(quota_file >> quota) || !(period_file >> period)) return std::nullopt;
  return quotient(quota, period);
}

bool has_controller(const std::string& controllers, const std::string& wanted) {
  return ("," + controllers + ",").find("," + wanted + ",") != std::string::npos;
}

// In a container the path may be one of the host's, which is not there: what is mounted is then the group itself.
template <class Quota>
std::optional<double> least(const fs::path& top, const std::string& path, Quota quota_of) {
  std::optional<double> found;
  fs::path group = top / fs::path{path}.relative_path();
  for (;;) {
    if (const auto here = quota_of(group)) found = found ? std::min(*found, *here) : *here;
    if (group == top || !group.has_relative_path() || group == group.parent_path()) return found;
    group = group.parent_path();
    if (group.native().size() < top.native().size()) return found;
  }
}

}  // namespace

unsigned cpus_by_affinity() { return std::max<unsigned>(1, static_cast<unsigned>(allowed_cpus().size())); }

std::optional<unsigned> cpus_by_quota(const fs::path& membership, const fs::path& mount) {
  std::optional<double> found;
  std::ifstream file{membership};
  for (std::string line; std::getline(file, line);) {  // number:controllers:path
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    std::optional<double> here;
    if (controllers.empty()) here = least(mount, path, quota_of_version_2);
    if (has_controller(controllers, "cpu")) {
      here = least(mount / "cpu", path, quota_of_version_1);
      if (!here) here = least(mount / controllers, path, quota_of_version_1);
    }
    if (here) found = found ? std::min(*found, *here) : *here;
  }
  if (!found) return std::nullopt;
  return static_cast<unsigned>(std::clamp(std::ceil(*found), 1.0, 65536.0));
}

}  // namespace troupe::platform
