#include <troupe/available_cpus.hpp>

#include "platform/cpus.hpp"

#include <algorithm>

namespace troupe {

unsigned available_cpus() {
  const unsigned allowed = platform::cpus_by_affinity();
  const auto granted = platform::cpus_by_quota("/proc/self/cgroup", "/sys/fs/cgroup");
  return granted ? std::min(allowed, *granted) : allowed;
}

}  // namespace troupe
