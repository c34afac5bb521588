// CAF's errors and exceptions, each as the other.
#pragma once

#include <troupe/detail/caf/version.hpp>
#include <troupe/errors.hpp>
#include <troupe/exit_status.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <string>

namespace troupe::caf {

/// What CAF's errors of the category `troupe` say. Their context is one string, the text.
enum class errc : std::uint8_t {
  // Of a request:
  exception = 1,  ///< the handler threw; the text is its what()
  not_started,  ///< the process ended before the call had begun, or had ended already: safe to repeat elsewhere
  died_running,  ///< the process ended while the call was running; what it did outside is unknown
  no_answer,     ///< nobody is left who would answer
  refused,       ///< the message does not travel, or could not be read
  stopped,       ///< the system of processes has ended

  // Of an end, as the reason of a down or exit message; the text is that of `to_string(exit_status)`:
  killed,       ///< a signal killed the process
  exit_code,    ///< it called exit with another code than 0
  threw,        ///< it ended by an exception
  over_limit,   ///< the kernel killed it by one of its limits, or it hung
  escalated,    ///< a group of its own died too often
  unknown_end,  ///< it ended so long ago that nothing is known
  node_down,    ///< its node is not heard of any more
};
[[nodiscard]] std::string to_string(errc code);

/// The code of an error of ours; nullopt for one of CAF's own, or anybody else's. Any thread.
[[nodiscard]] std::optional<errc> code_of(const ::caf::error& problem);
/// For people: the text of one of ours, what CAF's `to_string` says of others. Any thread.
[[nodiscard]] std::string text_of(const ::caf::error& problem);

/// An exception as an error: what a request that a process's handler threw at ends with. `problem` is not null. Any thread.
[[nodiscard]] ::caf::error to_error(const std::exception_ptr& problem);
/// An end as the reason of a down message: none for one in good order. Any thread.
[[nodiscard]] ::caf::error to_error(const exit_status& status);

/// A CAF error as an exception: for code that has no CAF around it, and as the end of a hosted actor that failed.
class caf_error : public troupe::error {
 public:
  explicit caf_error(const ::caf::error& problem) : caf_error{text_of(problem), problem} {}
  explicit caf_error(const std::string& text, ::caf::error problem = {});
  /// As it was; none where only its text has come here.
  [[nodiscard]] const ::caf::error& value() const { return problem_; }

 private:
  ::caf::error problem_;
};

}  // namespace troupe::caf
