// Hosts for the tests to end, or to look at: host_driver MODE. Prints "ready" when its actors run.
#include <troupe/troupe.hpp>

#include <cstdlib>
#include <iostream>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

class worker {
 public:
  int ready() { return 1; }
  void loop() {
    for (volatile bool always = true; always;) {
    }
  }
  /// Children of its own: one in its process group, one that has left it and its parent.
  int breed() {
    if (::fork() == 0) pause_for_good();
    if (const auto child = ::fork(); child == 0) {
      ::setsid();
      if (::fork() == 0) pause_for_good();
      ::_exit(0);
    }
    return 1;
  }
  void hold() { ::pause(); }

 private:
  [[noreturn]] static void pause_for_good() {
    for (;;) ::pause();
  }
};

std::vector<troupe::actor<worker>> spawn_many(troupe::actor_system& system) {
  std::vector<troupe::actor<worker>> actors;
  std::thread{[&] {  // which has ended by the time that the host does
    for (int i = 0; i < 3; ++i) actors.push_back(system.spawn<worker>());
  }}
      .join();
  for (int i = 3; i < 50; ++i) actors.push_back(system.spawn<worker>());
  for (auto& one : actors) one.ask<&worker::ready>().get();
  for (int i = 0; i < 5; ++i) actors[static_cast<std::size_t>(i)].ask<&worker::breed>().get();
  for (int i = 5; i < 15; ++i) actors[static_cast<std::size_t>(i)].tell<&worker::loop>();
  // Some are stopped: one with children, one in an endless loop, one from the thread that has ended, and others.
  for (const std::size_t i : {1U, 4U, 7U, 20U, 21U}) actors[i].pause();
  return actors;
}

void wait_for_input() {
  std::cout << "ready" << std::endl;
  std::string line;
  std::getline(std::cin, line);
}

int run(const std::string& mode) {
  troupe::actor_system system{{.grace = std::chrono::milliseconds{200}}};
  const auto actors = spawn_many(system);
  wait_for_input();
  if (mode == "throw") throw std::runtime_error{"through main"};
  if (mode == "exit") std::exit(7);
  if (mode == "quick") ::_exit(8);
  if (mode == "fork") {  // a child that keeps copies of everything and outlives the host
    if (const auto child = ::fork(); child == 0) {
      std::string line;
      std::getline(std::cin, line);
      ::_exit(0);
    }
    ::kill(::getpid(), 9);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return run(argc > 1 ? argv[1] : ""); }
