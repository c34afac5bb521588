// The troupe command, run to its end by a test.
#pragma once

#include "support/program.hpp"

#include <string>
#include <vector>

namespace tools {

struct outcome {
  int status = 0;  ///< exit status; -1 where a signal ended it
  std::string out;
  std::string errors;
};

inline outcome run(const std::string& path, const std::vector<std::string>& arguments) {
  support::program program{path, arguments};
  program.close_input();
  outcome result;
  result.out = program.rest();
  const auto end = program.wait();
  result.status = end.by_signal ? -1 : end.code;
  result.errors = program.errors();
  return result;
}

}  // namespace tools
