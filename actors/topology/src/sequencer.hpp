// What stands in an edge that keeps order.
#pragma once

#include <troupe/promise.hpp>

#include "inbox_client.hpp"
#include "parcel.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

namespace troupe::detail {

/// Takes parcels as they come and puts them into the next node's inbox in the order of their sources' positions.
///
///   source    permit(position)   answered once the position is within the window: the next position to ask for
///   writers   take, skip         every turn about a source's item tells its last parcel, or that there is none
///             finish             the writer's stream has ended; answered when all that came has been passed on
///
/// A writer in a dead one's place tells again what that one told: what came before is dropped.
///
/// What waits is bounded by the window: no source is further ahead of the first item that is missing. Nobody that could
/// bring that one ever waits for room here, so it comes.
///
/// An actor. Not thread-safe, as any.
class sequencer {
 public:
  /// `sources`: the nodes whose positions count. What begins elsewhere (at the end of a stage's stream) comes last.
  sequencer(const actor<inbox>& to, const std::vector<std::uint32_t>& sources, std::uint32_t writers,
            std::uint64_t window);

  promise<std::uint64_t> permit(std::uint32_t source, std::uint64_t position);
  void take(parcel item, bool is_last);
  void skip(std::uint32_t source, std::uint64_t ordinal);
  promise<void> finish(std::uint32_t writer);

 private:
  struct waiting_item {
    std::vector<parcel> parcels{};
    bool is_whole = false;
  };
  struct waiting_source {
    std::uint64_t position;
    promise<std::uint64_t> answer;
  };
  struct sequence {
    std::uint64_t next = 0;
    std::map<std::uint64_t, waiting_item> early{};
    std::vector<waiting_source> sources{};
  };

  void pass_on_what_is_due(sequence& of);
  void permit_what_is_due(sequence& of);
  void pass_on(const std::vector<parcel>& parcels);
  [[nodiscard]] bool is_over() const { return finished_.size() >= writers_; }

  std::unique_ptr<inbox_client> inbox_;
  std::uint64_t window_;
  std::uint32_t writers_;
  std::set<std::uint32_t> finished_;  ///< of them
  bool nobody_reads_ = false;
  std::map<std::uint32_t, sequence> sequences_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::vector<parcel>> late_;
  std::vector<promise<void>> ended_;
};

}  // namespace troupe::detail
