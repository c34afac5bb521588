// What travels along the edges of a topology.
//
//   origin, ordinal   which item of which source all of it comes from. What a stage gives at the end of its stream is
//                     counted as items of its own, with the stage as origin
//   share             the part of that item that this parcel is. An item begins whole; a turn that makes several parcels of
//                     one splits its share among them, so that the shares that reach the sinks sum up to the whole again
//                     (modulo 2^64) exactly when nothing is missing. Shares are drawn by hashing, so that a part of the
//                     parcels does not sum up by chance, and a turn that runs again draws the same
//   values            any number of them, so that what one turn made for one receiver travels together; none says that an
//                     item has come to its end here
#pragma once

#include <troupe/detail/topology/packing.hpp>

#include <cstdint>

namespace troupe::detail {

struct parcel {
  std::uint32_t origin = 0;
  std::uint32_t values = 0;
  std::uint32_t edge = 0;  ///< the last that it went along
  std::uint64_t ordinal = 0;
  std::uint64_t share = 0;
  bool failed = false;  ///< `bytes` are the reason in place of values
  bool marks =
      false;  ///< nothing but a sign, without a share, that of this item nothing comes along this edge
  packed bytes{};
};

/// What has gone along an edge.
struct edge_count {
  std::uint32_t edge = 0;
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;
};

/// Spreads the bits of `x`. (The finalizer of SplitMix64.)
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

[[nodiscard]] constexpr std::uint64_t whole_share(std::uint32_t origin, std::uint64_t ordinal) {
  return mixed(mixed(origin) ^ ordinal);
}

/// The share of the `index`-th parcel that a turn splits off from `share`.
[[nodiscard]] constexpr std::uint64_t split_share(std::uint64_t share, std::uint64_t index) {
  return mixed(mixed(share) + index);
}

}  // namespace troupe::detail
