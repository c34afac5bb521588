// troupe-instructions WORKLOAD COUNT: does it, in one process and one thread, to be run under callgrind. See count.
#include "workloads.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

namespace {

struct workload {
  std::string_view name;
  void (*run)(std::uint64_t count);
};
constexpr std::array workloads{
    workload{"tell", &instructions::tell},
    workload{"ask", &instructions::ask},
    workload{"queue", &instructions::queue},
    workload{"map", &instructions::map},
};

}  // namespace

int main(int argc, char** argv) {
  const auto* const which = std::find_if(workloads.begin(), workloads.end(), [&](const workload& each) {
    return argc == 3 && each.name == argv[1];
  });
  if (which == workloads.end()) {
    std::fprintf(stderr, "usage: troupe-instructions tell|ask|queue|map COUNT\n");
    return 2;
  }
  try {
    which->run(std::strtoull(argv[2], nullptr, 10));
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "troupe-instructions %s: %s\n", argv[1], problem.what());
    std::_Exit(1);
  }
  std::_Exit(0);  // the actor's objects end with the process, as they do elsewhere
}
