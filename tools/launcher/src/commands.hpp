// What the program does once its command line is understood.
#pragma once

#include "catalogue.hpp"

#include <map>
#include <string>

namespace troupe::launcher {

/// The options that were given, by name, as text; a flag's is "true".
using given_options = std::map<std::string, std::string>;

/// These return the program's exit status, and throw `bad_option`.
int list_topologies();
int run_topology(const std::string& program, const detail::definition& which, const given_options& given,
                 bool as_json);
int draw_topology(const detail::definition& which, const given_options& given, const std::string& format);

}  // namespace troupe::launcher
