// A large set of item numbers, small where they lie close together.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace troupe::detail {

/// A set of ordinals as pages of bits. Sent as it is. Not thread-safe.
struct ordinal_set {
  static constexpr std::uint64_t page_bits = 1U << 15;
  using page = std::vector<std::uint64_t>;  ///< empty: every bit of the page is set

  std::map<std::uint64_t, page> pages{};

  /// False where it was there already.
  bool add(std::uint64_t ordinal);
  [[nodiscard]] bool contains(std::uint64_t ordinal) const;
  [[nodiscard]] std::uint64_t count() const;

  /// Adds all of `other`; the number of those that were there already.
  std::uint64_t merge(const ordinal_set& other);
};

}  // namespace troupe::detail
