// Starting actors, and what they know of themselves.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

class counter {
 public:
  counter(int start, std::string label) : total_{start}, label_{std::move(label)} {}
  void add(int n) { total_ += n; }
  int total() const { return total_; }
  std::string label() const { return label_; }

 private:
  int total_;
  std::string label_;
};

class informant {
 public:
  std::string name() const { return troupe::this_actor::name(); }
  int pid() const { return troupe::this_actor::pid(); }
  int kernel_pid() const { return ::getpid(); }
  int group() const { return ::getpgid(0); }
  bool has_parent() const { return troupe::this_actor::parent().has_value(); }
  std::string parent_name() const { return troupe::this_actor::parent().value().name(); }
  bool variable_is_set(const std::string& name) const { return std::getenv(name.c_str()) != nullptr; }
  std::vector<int> descriptors() const {
    const auto open = support::open_descriptors();
    return {open.begin(), open.end()};
  }
  /// What they are, without the numbers of sockets and pipes; the standard streams with theirs.
  std::vector<std::string> descriptor_kinds() const {
    std::vector<std::string> kinds;
    for (const int number : support::open_descriptors()) {
      const auto all = support::describe_descriptor(number);
      auto kind = all.substr(all.find(" -> ") + 4);
      kind.resize(std::min(kind.find_first_of("0123456789("), kind.size()));
      kinds.push_back(number < 3 ? std::to_string(number) + " " + kind : kind);
    }
    std::sort(kinds.begin(), kinds.end());
    return kinds;
  }
  bool same_process(const troupe::process& other) const {
    return troupe::process{troupe::this_actor::self<informant>()} == other;
  }
};

class breeder {
 public:
  troupe::actor<informant> breed(const std::string& name) {
    return troupe::this_actor::system().spawn<informant>({.name = name});
  }
  int ask_child(const std::string& name) { return breed(name).ask<&informant::pid>().get(); }
};

void write_number(std::string, int) {}

std::string command_line_of(int pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/cmdline"};
  const std::string all{std::istreambuf_iterator<char>{file}, {}};
  return all.c_str();
}

}  // namespace

TEST_CASE("a class becomes an actor with the arguments of its constructor") {
  troupe::actor_system system;
  const auto c = system.spawn<counter>(5, "five");
  c.tell<&counter::add>(7);
  CHECK(c.ask<&counter::total>().get() == 12);
  CHECK(c.ask<&counter::label>().get() == "five");
}

TEST_CASE("a function becomes an actor that ends when it returns") {
  troupe::actor_system system;
  const auto p = system.spawn<write_number>({.name = "writer"}, "text", 3);
  CHECK(p.name() == "writer");
  const auto status = p.join();
  CHECK(status.ok());
  CHECK(status.code == 0);
}

TEST_CASE("every actor is a process of its own, led by itself") {
  troupe::actor_system system;
  std::set<int> pids{::getpid()};
  for (int i = 0; i < 4; ++i) {
    const auto actor = system.spawn<informant>();
    const int pid = actor.ask<&informant::kernel_pid>().get();
    CHECK(pids.insert(pid).second);
    CHECK(actor.pid() == pid);
    CHECK(actor.ask<&informant::pid>().get() == pid);
    CHECK(actor.ask<&informant::group>().get() == pid);
  }
}

TEST_CASE("names are given, or made from the class and a number") {
  troupe::actor_system system;
  CHECK(system.spawn<informant>({.name = "given"}).ask<&informant::name>().get() == "given");
  const auto first = system.spawn<informant>();
  const auto second = system.spawn<informant>();
  CHECK(first.name().starts_with("informant"));
  CHECK(first.name() != second.name());
  CHECK(first.ask<&informant::name>().get() == first.name());
}

TEST_CASE("the kernel shows an actor under its name") {
  troupe::actor_system system;
  const auto actor = system.spawn<informant>({.name = "a-name-longer-than-fifteen-bytes"});
  actor.ask<&informant::pid>().get();
  CHECK(support::command_of(actor.pid()) == "a-name-longer-t");
  CHECK(command_line_of(actor.pid()) == "a-name-longer-than-fifteen-bytes");
}

TEST_CASE("braces after spawn are constructor arguments, not options without a name") {
  troupe::actor_system system;
  const auto c = system.spawn<counter>({.name = "braces", .mailbox_messages = 2}, 1, std::string{"x"});
  CHECK(c.name() == "braces");
  CHECK(c.ask<&counter::total>().get() == 1);
}

TEST_CASE("an actor spawned by the host has no parent, one spawned by an actor has that") {
  troupe::actor_system system;
  const auto parent = system.spawn<breeder>({.name = "parent"});
  const auto child = parent.ask<&breeder::breed>("child").get();
  CHECK(child.name() == "child");
  CHECK(child.ask<&informant::name>().get() == "child");
  CHECK(child.ask<&informant::parent_name>().get() == "parent");
  CHECK_FALSE(system.spawn<informant>().ask<&informant::has_parent>().get());
  CHECK(parent.ask<&breeder::ask_child>("other").get() != ::getpid());
}

TEST_CASE("an actor's handle to itself is equal to its spawner's") {
  troupe::actor_system system;
  const auto one = system.spawn<informant>();
  const auto other = system.spawn<informant>();
  CHECK(one.ask<&informant::same_process>(one).get());
  CHECK_FALSE(one.ask<&informant::same_process>(other).get());
}

TEST_CASE("an actor's environment does not say how it was started") {
  troupe::actor_system system;
  CHECK_FALSE(system.spawn<informant>().ask<&informant::variable_is_set>("TROUPE_ENTRANCE").get());
  CHECK(std::getenv("TROUPE_ENTRANCE") == nullptr);
}

TEST_CASE(
    "an actor starts with its standard streams and what its own work needs, whatever the host has open") {
  const int inheritable = ::dup(STDIN_FILENO);
  {
    troupe::actor_system system;
    const auto lonely = system.spawn<informant>();
    const auto alone = lonely.ask<&informant::descriptors>().get();
    for (int i = 0; i < 10; ++i) (void)system.spawn<informant>().ask<&informant::pid>().get();
    const auto crowded = system.spawn<informant>().ask<&informant::descriptors>().get();
    CHECK(alone.size() < 12);
    CHECK(crowded.size() == alone.size());
    CHECK(lonely.ask<&informant::descriptors>().get().size() == alone.size());
  }
  ::close(inheritable);
}

TEST_CASE("the descriptors that an actor has are these, whichever way it was started") {
  const int inheritable = ::dup(STDIN_FILENO);
  {
    troupe::actor_system system;
    // Its page; its standard streams; what its loop waits by; the sockets to the guardian and to who asks.
    const std::vector<std::string> promised{"/memfd:troupe-page ",    "0 /dev/null", "1 pipe:[", "2 pipe:[",
                                            "anon_inode:[eventpoll]", "socket:[",    "socket:["};
    for (const auto how : {troupe::start_method::fork, troupe::start_method::spawn}) {
      const auto actor = system.spawn<informant>({.start = how});
      CHECK(actor.ask<&informant::descriptor_kinds>().get() == promised);
    }
  }
  ::close(inheritable);
}

TEST_CASE("this_actor belongs to actors") {
  CHECK_THROWS_AS(troupe::this_actor::name(), std::logic_error);
  CHECK_THROWS_AS(troupe::this_actor::stop(), std::logic_error);
  troupe::actor<counter> nobody;
  CHECK_THROWS_AS(nobody.pid(), std::logic_error);
}

TEST_CASE("a host has as many systems as it likes") {
  troupe::actor_system one;
  const auto first = one.spawn<counter>(1, "one");
  {
    troupe::actor_system two;
    const auto second = two.spawn<counter>(2, "two");
    CHECK(second.ask<&counter::total>().get() == 2);
    CHECK(first.ask<&counter::total>().get() == 1);
  }
  CHECK(first.ask<&counter::total>().get() == 1);
}

TEST_CASE("a thousand short lives leave the system as fast and as small as it was") {
  troupe::actor_system system;
  const auto guardian = support::descendant_called("troupe-guardian", ::getpid());
  REQUIRE(guardian != 0);
  const auto open = [guardian] {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator{"/proc/" + std::to_string(guardian) + "/fd"})
      ++count;
    return count;
  };
  (void)system.spawn<write_number>("", 0).join();
  const auto before = open();
  for (int i = 0; i < 1000; ++i) REQUIRE(system.spawn<write_number>("", i).join().ok());
  CHECK(support::wait_until([&] { return open() <= before; }));
}
