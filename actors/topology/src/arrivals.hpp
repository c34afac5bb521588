// What has come to an inbox: so that it takes nothing twice.
#pragma once

#include "ordinal_set.hpp"
#include "parcel.hpp"

#include <cstdint>
#include <map>
#include <unordered_set>

namespace troupe::detail {

/// Whoever takes a dead replica's place handles again what that one had in hand, and sends again what that one had sent: the
/// same items, with the same shares. Of whole items two bits are kept here, of parts their shares. Not thread-safe.
class arrivals {
 public:
  /// False where it has come before.
  bool add(const parcel& item);

 private:
  struct part {
    std::uint64_t ordinal;
    std::uint64_t share;
    friend bool operator==(const part&, const part&) = default;
  };
  struct hash_of_part {
    std::size_t operator()(const part& of) const { return mixed(of.ordinal ^ of.share); }
  };
  struct from_one_origin {
    ordinal_set whole;
    std::unordered_set<part, hash_of_part> parts;
  };
  std::map<std::uint32_t, from_one_origin> origins_;
};

}  // namespace troupe::detail
