// Exceptions as plain data: no user's constructor runs where they arrive.
#pragma once

#include <exception>
#include <string>

namespace troupe::wire {

/// An exception on its way to whoever asked. Texts are cut at 64 KiB.
struct problem {
  std::string type;  ///< demangled
  std::string text;  ///< its what()
  bool broken_promise = false;
};

/// Describes a caught exception; never throws what it has been given.
[[nodiscard]] problem describe(const std::exception_ptr& caught);

/// Throws it at the asker: a standard type as itself, anything else as `remote_exception` from `actor`.
[[noreturn]] void rethrow(const problem& what, const std::string& actor);

}  // namespace troupe::wire
