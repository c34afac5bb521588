// What the program does once its command line is understood.
#pragma once

#include "catalogue.hpp"
#include "nodes.hpp"

#include <cstdint>
#include <exception>
#include <map>
#include <optional>
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

/// What `run` does besides.
struct run_flags {
  bool as_json = false;
  std::optional<std::uint64_t> kills{};  ///< of a topology: faults on purpose
  std::optional<std::uint64_t> seed{};
  bool stop = false;
  bool slow = false;
  node_flags on{};  ///< `join` empty: no node
};

/// The program's exit status, once everything is on standard output. Throws `std::runtime_error` where that is not possible.
int finished(bool ok);

/// What an exception says, without the library's name before it: the program's own is put there.
[[nodiscard]] std::string text_of(const std::exception& problem);

/// These return the program's exit status, and throw `bad_option` or `interrupted`.
int list_topologies();
int run_topology(const std::string& program, const detail::definition& which, const given_options& given,
                 const run_flags& flags);
int run_job(const std::string& program, const detail::definition& which, const given_options& given,
            const run_flags& flags);
int draw_topology(const detail::definition& which, const given_options& given, const std::string& format);

}  // namespace troupe::launcher
