// A host whose actors print: printing_driver MODE WHAT [LINES], where MODE is that of its output, and LINES are for a crowd.
#include <troupe/troupe.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

namespace {

class printer {
 public:
  void lines(int count, std::size_t width) {
    for (int i = 0; i < count; ++i) {
      const auto head = troupe::this_actor::name() + " " + std::to_string(i) + " ";
      std::cout << head << std::string(width - head.size(), 'x') << '\n';
    }
  }
  void half_a_line() { std::cout << "no end"; }
  void lines_and_die(int count, std::size_t width) {
    lines(count, width);
    std::cerr << "last of " << troupe::this_actor::name() << ", without end";
    std::abort();
  }
  void complain() { std::cerr << "complaint\n"; }
  void die_talking() {
    std::cerr << "last line without end";
    std::abort();
  }
};

/// Sixteen that print, and then die in the middle of a line of their complaint. Gives what the host is told of them.
std::string run_crowd(troupe::actor_system& system, int count) {
  std::string report;
  std::vector<troupe::actor<printer>> printers;
  for (int i = 0; i < 16; ++i)
    printers.push_back(system.spawn<printer>({.name = "p" + std::to_string(10 + i)}));
  for (const auto& one : printers) one.tell<&printer::lines_and_die>(count, std::size_t{4096});
  for (const auto& one : printers) {
    const auto status = one.join();
    report += "host: " + one.name() + " " + to_string(status) + ": " + status.last_words + "\n";
  }
  return report;
}

troupe::output mode_of(const std::string& name) {
  if (name == "tagged") return troupe::output::tagged;
  return name == "discard" ? troupe::output::discard : troupe::output::plain;
}

}  // namespace

int main(int argc, char** argv) {
  troupe::guard(argc, argv);
  const std::string what = argc > 2 ? argv[2] : "";
  std::string report;
  {
    troupe::actor_system system{{.output = mode_of(argv[1])}};
    if (what == "many") {
      std::vector<troupe::actor<printer>> printers;
      for (int i = 0; i < 8; ++i)
        printers.push_back(system.spawn<printer>({.name = "p" + std::to_string(i)}));
      for (const auto& one : printers) one.tell<&printer::lines>(500, std::size_t{4000});
      for (const auto& one : printers) one.stop();
      for (const auto& one : printers) one.join();
    } else if (what == "crowd") {
      report = run_crowd(system, std::atoi(argv[3]));
    } else if (what == "half") {
      const auto one = system.spawn<printer>({.name = "half"});
      one.tell<&printer::half_a_line>();
      one.stop();
      one.join();
      const auto two = system.spawn<printer>({.name = "next"});
      two.tell<&printer::lines>(1, std::size_t{10});
      two.stop();
      two.join();
    } else {
      const auto one = system.spawn<printer>({.name = "loud"});
      one.tell<&printer::complain>();
      one.tell<&printer::die_talking>();
      std::cout << "host: " << one.join().last_words << std::endl;
    }
  }
  std::cout << report << "host's end" << std::endl;
  return 0;
}
