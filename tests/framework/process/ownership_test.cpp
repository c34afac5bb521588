// Who spawns owns: what becomes of the actors that an ended actor had spawned.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <signal.h>
#include <string>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

class register_of_notes {
 public:
  void note(const std::string& text) { notes_.push_back(text); }
  std::vector<std::string> notes() const { return notes_; }

 private:
  std::vector<std::string> notes_;
};

/// One of a tree: makes others below itself.
class node {
 public:
  explicit node(std::string name) : name_{std::move(name)} {}

  /// A chain of `depth` below this one, each called by its owner's name and a letter.
  void grow(int depth) {
    if (depth == 0) return;
    auto child = spawn("x");
    child.ask<&node::grow>(depth - 1).get();
  }
  void branch(int width) {
    for (int i = 0; i < width; ++i) spawn(std::string(1, static_cast<char>('a' + i)));
  }
  void exit(int code) { ::_exit(code); }
  void hang() { ::pause(); }
  void hang_deaf() {
    ::signal(SIGTERM, SIG_IGN);
    for (;;) ::pause();
  }
  /// A child process that is no actor, in this one's family.
  int have_a_helper() {
    const auto child = ::fork();
    if (child == 0)
      for (;;) ::pause();
    return child;
  }
  /// The first two hang, the second of them deaf to SIGTERM; the third does with a helper, whose number is returned.
  int make_children_hang() {
    const int helper = children_.at(2).ask<&node::have_a_helper>().get();
    children_.at(0).tell<&node::hang>();
    children_.at(1).tell<&node::hang_deaf>();
    children_.at(2).tell<&node::hang>();
    return helper;
  }
  /// Tells a child much, and ends at once.
  void tell_and_end(troupe::actor<register_of_notes> notes, int count);
  void write_down(troupe::actor<register_of_notes> notes, int number) {
    notes.tell<&register_of_notes::note>(name_ + " " + std::to_string(number));
  }
  bool is_there() { return true; }
  std::string spawn_too_deep() {
    try {
      auto child = troupe::this_actor::system().spawn<node>("deeper");
      return child.ask<&node::spawn_too_deep>().get();
    } catch (const troupe::start_failed& problem) {
      return problem.stage() + "|" + problem.what();
    }
  }
  std::size_t count_all() { return troupe::this_actor::system().actors().size(); }

 private:
  troupe::actor<node> spawn(const std::string& suffix) {
    children_.push_back(troupe::this_actor::system().spawn<node>({.name = name_ + suffix}, name_ + suffix));
    return children_.back();
  }
  std::string name_;
  std::vector<troupe::actor<node>> children_;
};

void node::tell_and_end(troupe::actor<register_of_notes> notes, int count) {
  auto child = spawn("-child");
  for (int i = 0; i < count; ++i) child.tell<&node::write_down>(notes, i);
  troupe::this_actor::stop();
}

void spawns_and_returns() {
  auto child = troupe::this_actor::system().spawn<node>({.name = "left-alone"}, "left-alone");
  child.ask<&node::is_there>().get();
}

std::set<std::string> names(const troupe::actor_system& system) {
  std::set<std::string> all;
  for (const auto& each : system.actors()) all.insert(each.name);
  return all;
}

int pid_of(const troupe::actor_system& system, const std::string& name) {
  const auto all = system.actors();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.name == name; });
  return found == all.end() ? 0 : found->pid;
}

bool comes_to(const troupe::actor_system& system, const std::set<std::string>& expected) {
  return support::wait_until([&] { return names(system) == expected; });
}

}  // namespace

TEST_CASE("actors are listed with their owners") {
  troupe::actor_system system;
  const auto root = system.spawn<node>({.name = "r"}, "r");
  root.ask<&node::grow>(2).get();
  auto all = system.actors();
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  REQUIRE(all.size() == 3);
  CHECK(all[0].name == "r");
  CHECK(all[0].pid == root.pid());
  CHECK(all[0].parent.empty());
  CHECK(all[0].parent_pid == 0);
  CHECK(all[1].name == "rx");
  CHECK(all[1].parent == "r");
  CHECK(all[1].parent_pid == root.pid());
  CHECK(all[2].parent == "rx");
  CHECK(root.ask<&node::count_all>().get() == 3);
  root.kill();
  CHECK(comes_to(system, {}));
  system.stop();
  CHECK_THROWS_AS(system.actors(), troupe::system_stopped);
}

TEST_CASE("a kill in the middle of a deep tree takes exactly what is below it") {
  troupe::actor_system system;
  const auto root = system.spawn<node>({.name = "r"}, "r");
  const auto other = system.spawn<node>({.name = "other"}, "other");
  root.ask<&node::grow>(9).get();
  root.ask<&node::branch>(2).get();
  other.ask<&node::branch>(1).get();
  REQUIRE(system.actors().size() == 14);
  std::vector<int> below;
  for (int i = 4; i <= 9; ++i)
    below.push_back(pid_of(system, "r" + std::string(static_cast<std::size_t>(i), 'x')));

  ::kill(pid_of(system, "rxxx"), SIGKILL);
  CHECK(comes_to(system, {"r", "rx", "rxx", "ra", "rb", "other", "othera"}));
  for (const int pid : below) CHECK(support::wait_until_ended(pid, 0ms));
  CHECK(root.ask<&node::is_there>().get());
  CHECK(other.ask<&node::is_there>().get());
}

TEST_CASE("what an owner had told its child before its end is handled") {
  troupe::actor_system system;
  const auto notes = system.spawn<register_of_notes>();
  const auto owner = system.spawn<node>({.name = "owner"}, "owner");
  owner.tell<&node::tell_and_end>(notes, 2000);
  CHECK(owner.join().ok());
  REQUIRE(support::wait_until([&] { return system.actors().size() == 1; }));
  std::vector<std::string> all;
  REQUIRE(support::wait_until([&] {
    all = notes.ask<&register_of_notes::notes>().get();
    return all.size() == 2000;
  }));
  CHECK(all.front() == "owner-child 0");
  CHECK(all.back() == "owner-child 1999");
}

TEST_CASE("an owner ends its own, however it ends") {
  troupe::actor_system system;
  const auto stopped = system.spawn<node>({.name = "s"}, "s");
  stopped.ask<&node::grow>(2).get();
  stopped.stop();
  CHECK(comes_to(system, {}));
  const auto exits = system.spawn<node>({.name = "e"}, "e");
  exits.ask<&node::grow>(2).get();
  exits.tell<&node::exit>(3);
  CHECK(comes_to(system, {}));
  CHECK(system.spawn<spawns_and_returns>().join().ok());
  CHECK(comes_to(system, {}));
}

TEST_CASE("what does not stop is killed after the grace, with its family") {
  troupe::actor_system system{{.grace = 200ms}};
  const auto root = system.spawn<node>({.name = "r"}, "r");
  const auto bystander = system.spawn<node>({.name = "bystander"}, "bystander");
  bystander.tell<&node::hang>();
  root.ask<&node::branch>(3).get();
  const int helper = root.ask<&node::make_children_hang>().get();
  REQUIRE_FALSE(support::wait_until_ended(helper, 0ms));
  root.kill();
  CHECK(comes_to(system, {"bystander"}));
  CHECK(support::wait_until_ended(helper));
  CHECK(bystander.is_alive());
  const auto report = system.stop();
  std::set<std::string> killed;
  for (const auto& each : report.killed) killed.insert(each.name + ", " + to_string(each.status));
  CHECK(killed == std::set<std::string>{"bystander, killed by SIGTERM", "ra, killed by SIGTERM",
                                        "rb, killed by SIGKILL", "rc, killed by SIGTERM"});
}

TEST_CASE("depth 64 is allowed, depth 65 is refused with a word on what to do") {
  troupe::actor_system system;
  const auto root = system.spawn<node>("root");
  const auto answer = root.ask<&node::spawn_too_deep>().get();
  CHECK(answer.starts_with("too_deep|"));
  CHECK(answer.find("depth 65") != std::string::npos);
  CHECK(answer.find("64 is the limit") != std::string::npos);
  CHECK(answer.find("system_options::max_depth") != std::string::npos);
  CHECK(system.actors().size() == 64);
}

TEST_CASE("the depth is the system's to choose") {
  troupe::actor_system system{{.max_depth = 2}};
  const auto answer = system.spawn<node>("root").ask<&node::spawn_too_deep>().get();
  CHECK(answer.find("depth 3") != std::string::npos);
  CHECK(system.actors().size() == 2);
}
