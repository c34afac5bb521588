// What the program does once its command line is understood.
#pragma once

#include "catalogue.hpp"

#include <map>
#include <stdexcept>
#include <string>

namespace troupe::launcher {

/// The options that were given, by name, as text; a flag's is "true".
using given_options = std::map<std::string, std::string>;

/// Ctrl-C, or SIGTERM: the run was given up, and everything has ended in order.
class interrupted : public std::runtime_error {
 public:
  explicit interrupted(int signal) : std::runtime_error{"interrupted"}, signal_{signal} {}
  /// As a shell has it for a program that a signal ended.
  [[nodiscard]] int status() const { return 128 + signal_; }

 private:
  int signal_;
};

/// These return the program's exit status, and throw `bad_option` or `interrupted`.
int list_topologies();
int run_topology(const std::string& program, const detail::definition& which, const given_options& given,
                 bool as_json);
int run_job(const std::string& program, const detail::definition& which, const given_options& given,
            bool as_json);
int draw_topology(const detail::definition& which, const given_options& given, const std::string& format);

}  // namespace troupe::launcher
