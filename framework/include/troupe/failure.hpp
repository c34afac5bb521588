// An exception as a value that travels.
#pragma once

#include <exception>
#include <string>

namespace troupe {

/// An exception that was caught in one process and is to be thrown in another: a message like any other, for results that
/// may be errors ("this item of the many that you sent me could not be done"). One that leaves an asked handler needs none
/// of this.
///
/// It carries what the answer to an ask would: a standard type is thrown again as itself, any other as `remote_exception`
/// with its type's name and text. A value; any thread, any process.
class failure {
 public:
  /// None: `rethrow` throws `std::logic_error`.
  failure() = default;
  /// Describes a caught exception. Runs nothing of the exception's but `what()`.
  explicit failure(const std::exception_ptr& caught);

  /// Throws it again; `actor` is who threw it first, for `remote_exception`.
  [[noreturn]] void rethrow(const std::string& actor) const;

  /// How it travels.
  template <class Archive>
  void serialize(Archive& archive) {
    archive(described_);
  }

 private:
  std::string described_;  // encoded: what describes an exception is nobody's business but the library's
};

}  // namespace troupe
