// Around every test case: a watchdog, and a comparison of what there was before with what is left. Both end the program.
#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include "support/processes.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

/// Seconds; ctest waits a little longer. Long tests say themselves how long.
unsigned longest_case() {
  const char* const given = std::getenv("TROUPE_TEST_WATCHDOG");
  return given == nullptr ? 150 : static_cast<unsigned>(std::atoi(given));
}
const char* volatile running_case = "";

// The actors of the case end with this process: their guardian sees it go.
void give_up(int) {
  for (const char* text :
       {"\nthe watchdog ended the test case: ", const_cast<const char*>(running_case), "\n"}) {
    if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) break;
  }
  ::kill(0, SIGKILL);  // with what it started itself
}

class tidiness : public Catch::TestEventListenerBase {
 public:
  using TestEventListenerBase::TestEventListenerBase;

  void testRunStarting(const Catch::TestRunInfo&) override {
    support::become_subreaper();  // what outlives its guardian comes to us
    ::setpgid(0, 0);
    struct sigaction action {};
    action.sa_handler = give_up;
    ::sigaction(SIGALRM, &action, nullptr);
  }

  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    name_ = info.name;
    running_case = name_.c_str();
    ::alarm(longest_case());
    const auto children = support::children_of(::getpid());
    children_.insert(children.begin(), children.end());
    descriptors_ = support::open_descriptors();
  }

  void testCaseEnded(const Catch::TestCaseStats&) override {
    check_processes();
    for (const int number : support::open_descriptors()) {
      if (!descriptors_.contains(number)) complain("a descriptor: " + support::describe_descriptor(number));
    }
    if (dirty_) ::_exit(4);
    ::alarm(0);
  }

 private:
  // What has ended already is only waiting to be reaped by whoever adopted it, which we are: but for a guardian, which the
  // host's own library should have reaped.
  void check_processes() {
    for (auto left = foreign_children(); !left.empty(); left = foreign_children()) {
      for (const pid_t child : left) {
        const auto name = support::command_of(child);
        if (!support::wait_until_ended(child)) {
          complain("process " + std::to_string(child) + ", " + name);
          ::kill(child, SIGKILL);
        } else if (name == "troupe-guardian" && support::session_of(child) == child) {
          complain("a zombie: " + name);
        }
        ::waitpid(child, nullptr, 0);
      }
    }
  }
  [[nodiscard]] std::vector<pid_t> foreign_children() const {
    auto all = support::children_of(::getpid());
    std::erase_if(all, [this](pid_t pid) { return children_.contains(pid); });
    return all;
  }
  void complain(const std::string& what) {
    std::fprintf(stderr, "left behind by '%s': %s\n", name_.c_str(), what.c_str());
    dirty_ = true;
  }

  std::string name_;
  std::set<pid_t> children_;
  std::set<int> descriptors_;
  bool dirty_ = false;
};

CATCH_REGISTER_LISTENER(tidiness)

}  // namespace
