// Which items have been completed: each sink keeps a ledger of its own, and a run's is all of them together.
#pragma once

#include "ordinal_set.hpp"
#include "parcel.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace troupe::detail {

/// What sinks have seen of the items of one origin.
struct origin_account {
  ordinal_set completed{};
  ordinal_set failed{};
  /// Shares of those that are not complete yet, or failed in part.
  std::map<std::uint64_t, std::vector<std::uint64_t>> parts{};
  std::uint64_t repeats = 0;  ///< parcels that came again
};

/// Sent as it is. Not thread-safe.
struct ledger {
  static constexpr std::size_t most_reasons = 20;

  std::map<std::uint32_t, origin_account> origins{};
  std::vector<std::string> reasons{};  ///< of the first failures

  void complete(const parcel& done);
  /// The item is given up; what else becomes of it will not make it complete, since this share is missing.
  void fail(const parcel& given_up, std::string reason);

  /// Adds what another sink has seen.
  void merge(const ledger& other);
};

}  // namespace troupe::detail
