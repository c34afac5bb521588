// How many CPUs there are to use: affinity, and the quotas of control groups.
#include "platform/cpus.hpp"

#include <troupe/available_cpus.hpp>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <string>
#include <unistd.h>

namespace fs = std::filesystem;
using troupe::platform::cpus_by_quota;

namespace {

/// Files as the kernel has them in /proc and /sys/fs/cgroup.
class tree {
 public:
  tree() {
    std::string name = (fs::temp_directory_path() / "troupe-cpus-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~tree() { fs::remove_all(root_); }
  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream{root_ / path} << text;
  }
  [[nodiscard]] std::optional<unsigned> cpus() const {
    return cpus_by_quota(root_ / "self", root_ / "mount");
  }

 private:
  fs::path root_;
};

}  // namespace

TEST_CASE("the quota of version 2 is the least on the way up, rounded up") {
  const tree files;
  files.write("self", "0::/a/b/c\n");
  files.write("mount/a/cpu.max", "250000 100000\n");
  files.write("mount/a/b/cpu.max", "600000 100000\n");
  files.write("mount/a/b/c/cpu.max", "max 100000\n");
  CHECK(files.cpus() == 3);
  files.write("mount/cpu.max", "50000 100000\n");
  CHECK(files.cpus() == 1);
}

TEST_CASE("the quota of version 1 is found under the controller's name, alone or with others") {
  const tree files;
  files.write("self", "12:memory:/x\n4:cpu,cpuacct:/docker/1\n1:name=systemd:/\n0::/\n");
  CHECK_FALSE(files.cpus());
  files.write("mount/cpu,cpuacct/docker/1/cpu.cfs_quota_us", "150000\n");
  files.write("mount/cpu,cpuacct/docker/1/cpu.cfs_period_us", "100000\n");
  CHECK(files.cpus() == 2);
  files.write("mount/cpu/docker/1/cpu.cfs_quota_us", "-1\n");
  files.write("mount/cpu/docker/1/cpu.cfs_period_us", "100000\n");
  CHECK(files.cpus() == 2);
}

TEST_CASE("in a container, where the group's own path is not there, what is mounted counts") {
  const tree files;
  files.write("self", "0::/kubepods/pod1/1234\n");
  files.write("mount/cpu.max", "400000 100000\n");
  CHECK(files.cpus() == 4);
}

TEST_CASE("without a quota, or with files that make no sense, nothing is limited") {
  const tree files;
  CHECK_FALSE(files.cpus());
  files.write("self", "0::/\n::\nno colons\n0::/../..\n");
  files.write("mount/cpu.max", "max 100000\n");
  CHECK_FALSE(files.cpus());
  files.write("mount/cpu.max", "100000 0\n");
  CHECK_FALSE(files.cpus());
  files.write("mount/cpu.max", "-5 nonsense\n");
  CHECK_FALSE(files.cpus());
}

TEST_CASE("available_cpus follows the affinity") {
  cpu_set_t before, one;
  REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
  const auto all = static_cast<unsigned>(CPU_COUNT(&before));
  CHECK(troupe::available_cpus() >= 1);
  CHECK(troupe::available_cpus() <= all);
  CPU_ZERO(&one);
  for (unsigned cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  }
  REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(troupe::available_cpus() == 1);
  REQUIRE(::sched_setaffinity(0, sizeof before, &before) == 0);
}
