#include "core.hpp"

#include <cstdlib>
#include <memory>
#include <optional>

namespace {

class adder {
 public:
  int add(int number) { return sum_ += number; }
  int pid() { return troupe::this_actor::pid(); }

 private:
  int sum_ = 0;
};

std::unique_ptr<troupe::actor_system> the_system;
troupe::actor<adder> the_adder;
std::string the_problem;

std::string text(const char* given) { return given == nullptr ? "" : given; }

}  // namespace

troupe::actor_system& core_system() { return *the_system; }
void core_keep_problem(const std::string& words) { the_problem = words; }

extern "C" {

int core_start(const char* executable, const char* preload) {
  return guarded([&] {
    troupe::system_options options;
    options.executable = text(executable);
    if (preload != nullptr && *preload != '\0') options.preload.emplace_back(preload);
    if (const char* const count = std::getenv("PLUGIN_STANDBYS"); count != nullptr)
      options.standbys = static_cast<std::uint32_t>(std::atoi(count));
    the_system = std::make_unique<troupe::actor_system>(options);
    return 0;
  });
}

int core_stop() {
  return guarded([] {
    the_system.reset();
    return 0;
  });
}

int core_spawn(int how) {
  return guarded([&] {
    const auto start = how == 0 ? troupe::start_method::fork : troupe::start_method::spawn;
    the_adder = the_system->spawn<adder>({.name = "adder", .start = start});
    return the_adder.ask<&adder::pid>().get();
  });
}

int core_add(int number) {
  return guarded([&] { return the_adder.ask<&adder::add>(number).get(); });
}

int core_preload(const char* path) {
  return guarded([&] {
    the_system->preload(path);
    return 0;
  });
}

const char* core_problem() { return the_problem.c_str(); }
}
