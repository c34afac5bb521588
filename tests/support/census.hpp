// What the processes of a system have, for tests that it does not become more.
#pragma once

#include <troupe/actor_system.hpp>

#include "support/processes.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <fstream>
#include <map>
#include <string>
#include <unistd.h>

namespace support {

/// What one process has, or is.
struct possessions {
  std::size_t descriptors = 0;
  std::size_t mapped_shared = 0;  ///< mappings of memory without a name
  std::size_t children = 0;
  std::size_t zombies = 0;
  std::size_t resident = 0;
};

inline possessions of(pid_t pid) {
  possessions found;
  found.descriptors = support::open_descriptors_of(pid).size();
  std::ifstream maps{"/proc/" + std::to_string(pid) + "/maps"};
  for (std::string line; std::getline(maps, line);) found.mapped_shared += line.find("/memfd:") != line.npos;
  const auto children = support::children_of(pid);
  found.children = children.size();
  found.zombies = static_cast<std::size_t>(std::count_if(
      children.begin(), children.end(), [](pid_t child) { return support::state_of(child) == 'Z'; }));
  found.resident = support::resident_bytes_of(pid);
  return found;
}

using census = std::map<std::string, possessions>;

/// `system` is the only one of this process.
inline census count_all(const troupe::actor_system& system) {
  (void)system.actors();  // behind which the guardian has done with whatever has ended
  const auto guardian = support::descendant_called("troupe-guardian", ::getpid());
  const auto zygote = support::descendant_called("troupe-zygote", guardian);
  REQUIRE(guardian != 0);
  REQUIRE(zygote != 0);
  return {{"host", of(::getpid())}, {"guardian", of(guardian)}, {"zygote", of(zygote)}};
}

/// Of a process's memory: what an allocator keeps, or finds in another place.
inline constexpr std::size_t slack = std::size_t{512} << 10;
/// The host and the guardian remember how the last actors ended.
inline constexpr int remembered = 4096;
inline constexpr std::size_t to_remember_one = 800;
/// With a backtrace, and the dead letter that it left, of which the host keeps the last thousand.
inline constexpr std::size_t to_remember_a_crash = 4000;

inline void check_same(const census& before, const troupe::actor_system& system,
                       [[maybe_unused]] std::size_t more) {
  census now;
  const auto is_more = [&](const auto& what) {
    return std::any_of(before.begin(), before.end(),
                       [&](const auto& each) { return what(now.at(each.first)) > what(each.second); });
  };
  // The guardian closes the last descriptors after the end has been told.
  (void)support::wait_until([&] {
    now = count_all(system);
    return !is_more([](const auto& p) { return p.descriptors; }) &&
           !is_more([](const auto& p) { return p.mapped_shared; }) &&
           !is_more([](const auto& p) { return p.children; });
  });
  for (const auto& [who, had] : before) {
    const auto& has = now.at(who);
    INFO(who << ": " << had.resident / 1024 << " KiB before, " << has.resident / 1024 << " KiB now");
    // There may have been more: what had ended just before it was counted.
    CHECK(has.descriptors <= had.descriptors);
    CHECK(has.mapped_shared <= had.mapped_shared);
    CHECK(has.children <= had.children);
    CHECK(has.zombies == 0);
// What has been freed, or what has been written, is kept by the sanitizers.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK(has.resident <= had.resident + slack + more);
#endif
  }
}

}  // namespace support
