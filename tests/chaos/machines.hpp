// Several machines on this one: network namespaces with a link each to a switch, which is one more.
#pragma once

#include "support/processes.hpp"
#include "support/program.hpp"
#include "tools/command.hpp"

#include <csignal>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <sys/types.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace tests {

/// Made by the constructor, removed by the destructor. Machine number i has the address 10.77.0.(i + 1).
class machines {
 public:
  /// Why there can be none here; empty: there can.
  static std::string why_not() {
    if (::access(ip, X_OK) != 0) return "iproute2 is not installed";
    const auto name = prefix() + "try";
    const bool made = run({"netns", "add", name}).status == 0 &&
                      run({"-n", name, "link", "add", "br0", "type", "bridge"}).status == 0;
    (void)run({"netns", "del", name});
    return made ? ""
                : "network namespaces and bridges may not be made here (root may, where the kernel has them)";
  }

  explicit machines(int count) : count_{count} {
    const auto hub = prefix() + "hub";
    must({"netns", "add", hub});
    must({"-n", hub, "link", "add", "br0", "type", "bridge"});
    must({"-n", hub, "link", "set", "br0", "up"});
    for (int i = 0; i < count; ++i) {
      const auto socket = "port" + std::to_string(i);
      must({"netns", "add", name(i)});
      must({"-n", hub, "link", "add", socket, "type", "veth", "peer", "name", "eth0", "netns", name(i)});
      must({"-n", hub, "link", "set", socket, "master", "br0", "up"});
      must({"-n", name(i), "addr", "add", host(i) + "/24", "dev", "eth0"});
      must({"-n", name(i), "link", "set", "lo", "up"});
      must({"-n", name(i), "link", "set", "eth0", "up"});
    }
  }
  ~machines() {
    for (int i = 0; i < count_; ++i) {
      for (const auto pid : processes(i)) ::kill(pid, SIGKILL);
      (void)run({"netns", "del", name(i)});
    }
    (void)run({"netns", "del", prefix() + "hub"});
  }
  machines(const machines&) = delete;
  machines& operator=(const machines&) = delete;

  [[nodiscard]] static std::string host(int i) { return "10.77.0." + std::to_string(i + 1); }
  [[nodiscard]] static std::string address(int i) { return host(i) + ":7000"; }
  [[nodiscard]] int size() const { return count_; }

  /// The arguments of `ip` that run a program on machine i.
  [[nodiscard]] static std::vector<std::string> on(int i, std::vector<std::string> command) {
    command.insert(command.begin(), {"netns", "exec", name(i)});
    return command;
  }
  [[nodiscard]] static std::vector<pid_t> processes(int i) {
    std::istringstream listed{run({"netns", "pids", name(i)}).out};
    return {std::istream_iterator<pid_t>{listed}, {}};
  }
  /// Those whose command begins so.
  [[nodiscard]] static std::vector<pid_t> processes(int i, const std::string& beginning) {
    auto all = processes(i);
    std::erase_if(all, [&](pid_t pid) { return !support::command_of(pid).starts_with(beginning); });
    return all;
  }

  static void cut(int i) { must({"-n", name(i), "link", "set", "eth0", "down"}); }
  static void mend(int i) { must({"-n", name(i), "link", "set", "eth0", "up"}); }
  /// Nothing gets from machine i to j any more; the other way it does.
  static void cut_one_way(int i, int j) { must({"-n", name(i), "route", "add", "blackhole", host(j)}); }
  static void mend_one_way(int i, int j) { must({"-n", name(i), "route", "del", "blackhole", host(j)}); }
  /// Its link carries so much: tc's words.
  static void limit(int i, const std::string& rate) {
    must(on(i, {tc, "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", rate, "burst", "16kb", "latency",
                "1s"}));
  }

  static constexpr const char* ip = "/usr/sbin/ip";

 private:
  static constexpr const char* tc = "/usr/sbin/tc";

  static std::string prefix() { return "troupe" + std::to_string(::getpid()) + "-"; }
  static std::string name(int i) { return prefix() + std::to_string(i); }
  static tools::outcome run(const std::vector<std::string>& words) { return tools::run(ip, words); }
  static void must(const std::vector<std::string>& words) {
    const auto end = run(words);
    if (end.status != 0) throw std::runtime_error{"ip " + words.back() + ": " + end.errors};
  }

  int count_;
};

}  // namespace tests
