// A host whose actors are executed: executed_driver MODE. As an actor (its third start) its main goes MODE's way.
#include <troupe/troupe.hpp>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>
#include <unistd.h>

namespace {

class subject {
 public:
  int five() { return 5; }
  int pid() { return ::getpid(); }
};

// The variable is out of the environment by now; the kernel still shows what it was.
bool is_an_actors_start() {
  std::ifstream file{"/proc/self/environ"};
  std::string first;
  std::getline(file, first, '\0');
  return first.starts_with("TROUPE_ENTRANCE=") && first.find(";a;") != std::string::npos;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (is_an_actors_start()) {
    if (mode == "returns") return 0;
    if (mode == "aborts") std::abort();
    if (mode == "hangs") ::pause();
  }
  troupe::actor_system system{{.start_timeout = std::chrono::milliseconds{mode == "hangs" ? 5000 : 10'000}}};
  try {
    const auto actor = system.spawn<subject>({.start = troupe::start_method::spawn});
    std::cout << actor.ask<&subject::pid>().get() << std::endl;
    ::pause();
  } catch (const troupe::start_failed& problem) {
    std::cout << "start_failed " << problem.stage() << ": " << problem.what() << std::endl;
  }
  std::cout << "forked " << system.spawn<subject>().ask<&subject::five>().get() << std::endl;
}
