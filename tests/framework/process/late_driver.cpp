// Programs whose second start does not come to the guard as it should: late_driver MODE COUNTER. Every start writes a byte
// to the descriptor COUNTER, if that is open.
#include <troupe/troupe.hpp>

#include <cstdlib>
#include <iostream>
#include <string>
#include <unistd.h>

namespace {

class nothing {
 public:
  int answer() { return 42; }
};

int run(std::chrono::seconds patience) try {
  troupe::actor_system system{{.start_timeout = patience}};
  std::cout << "answer " << system.spawn<nothing>().ask<&nothing::answer>().get() << std::endl;
  return 0;
} catch (const troupe::start_failed& problem) {
  std::cout << "start_failed " << problem.stage() << ": " << problem.what() << std::endl;
  return 5;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (argc > 2 && ::write(std::atoi(argv[2]), "x", 1) != 1) return 9;
  // The second start has nothing on its standard input.
  std::string line;
  const bool first = static_cast<bool>(std::getline(std::cin, line));
  if (!first && mode == "returns") return 0;
  if (!first && mode == "exits") std::exit(3);
  if (!first && mode == "aborts") std::abort();
  if (!first && mode == "hangs") ::pause();
  if (mode == "guarded") {
    troupe::guard(argc, argv);
    if (!first) return 0;
  }
  // Long enough for the second start to come to its main on a busy machine: the test counts it.
  return run(std::chrono::seconds{mode == "hangs" ? 5 : 10});
}
