// Exceptions as plain data: no user's constructor runs where they arrive.
#pragma once

#include <troupe/errors.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <vector>

namespace troupe::wire {

/// Whose number an error code is; `none` where there is no code, or one of a category that is not the standard's.
enum class code_category : std::uint8_t { none, generic, system, iostream, future };

/// An exception on its way to whoever asked. Texts are cut so that all of it is below 64 KiB.
struct problem {
  std::string type;  ///< demangled
  std::string text;  ///< its what()
  bool broken_promise = false;
  code_category category = code_category::none;
  std::int32_t code = 0;
  std::vector<std::string> paths;               ///< a filesystem_error's
  std::vector<remote_exception::cause> causes;  ///< what was nested in it, outermost first, at most 64
};

inline constexpr std::size_t longest_text = std::size_t{32} * 1024;

/// Describes a caught exception; never throws what it has been given. A text of more than `longest` bytes is cut, and says so.
[[nodiscard]] problem describe(const std::exception_ptr& caught, std::size_t longest = longest_text);

/// Throws it at the asker: a standard type as itself, with its causes nested in it, anything else as `remote_exception` from
/// `actor`.
[[noreturn]] void rethrow(const problem& what, const std::string& actor);

}  // namespace troupe::wire
