// Which item of many an exception is about.
#pragma once

#include <cstddef>
#include <exception>
#include <utility>

namespace troupe {

/// Part of every exception that `pool::map` and the results of `imap` throw because of an item: the exception itself keeps
/// its type and text, so either may be caught.
///
///     catch (const std::invalid_argument& problem) { ... problem.what() ... }
///     catch (const troupe::failed_at& where) { ... where.index() ... }
///
/// An exception of a type that has no standard name has become a `remote_exception` before, with this part.
class failed_at {
 public:
  explicit failed_at(std::size_t index) : index_{index} {}
  /// Counted from 0, in the order in which the range gave the items.
  [[nodiscard]] std::size_t index() const { return index_; }

 private:
  std::size_t index_;
};

namespace detail {

/// Throws `problem` with `failed_at` as a part where its type is one that a pool may throw, and as it is elsewhere.
[[noreturn]] void throw_at(const std::exception_ptr& problem, std::size_t index);

}  // namespace detail

}  // namespace troupe
