// Where a node's items wait, and what has to outlive its replicas.
#pragma once

#include <troupe/detail/queue_actor.hpp>

#include "arrivals.hpp"
#include "duty.hpp"
#include "parcel.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

namespace troupe::detail {

struct inbox_options {
  std::uint64_t capacity = 0;
  std::uint64_t capacity_bytes = 0;
  std::uint64_t at_once = 0;
  std::uint32_t member = 0;  ///< of the crew
  duty_sheet duties{};
};

/// What has passed through an inbox.
struct inbox_account {
  std::uint64_t accepted = 0;  ///< parcels that ask for a turn
  std::uint64_t repeats = 0;   ///< refused, for they had come before
  std::vector<edge_count> edges{};
};

/// A queue that takes each parcel once, however often it is sent: all replicas before it may be replaced, and send again.
///
/// Its readers are done with an item when they take the next, but for those that keep something of what they have seen:
/// those `settle` in a seat, and say what they are done with together with what they keep of it, so that one is never
/// known without the other. Who dies leaves the seat with what was kept last, and the items that came after it at the front.
///
/// An actor. Not thread-safe, as any.
class inbox : public queue_actor<parcel> {
  using base = queue_actor<parcel>;

 public:
  explicit inbox(inbox_options options);

  void arrive(queue_visitor who, const process& where);
  void put(queue_visitor who, parcel item);
  promise<queue_batch<parcel>> take(queue_visitor who, std::uint32_t wanted, std::uint64_t done,
                                    std::uint64_t received, queue_wait wait);
  void leave(queue_visitor who, std::uint64_t done);

  /// Answered with what was kept last, once nobody else sits there. `who` has arrived before. `incarnation` counts the
  /// seat's holders: one that is heard late, after its death, gets nothing any more.
  promise<packed> settle(queue_visitor who, std::uint32_t number, std::uint64_t incarnation);
  /// `who` is done with the next `items` that it was given, and `kept` is what it has to keep of all so far.
  void keep(queue_visitor who, std::uint64_t items, packed kept);

  [[nodiscard]] inbox_account account() const;

 private:
  struct seat {
    std::uint64_t incarnation = 0;
    std::optional<queue_visitor> holder;
    packed kept;
    std::optional<std::pair<queue_visitor, promise<packed>>> next;  ///< waits for the holder's end
  };

  void admit_next(std::uint32_t number);
  edge_count& count_of(std::uint32_t edge);
  void tell_duty();

  arrivals arrivals_;
  std::map<std::uint32_t, seat> seats_;
  std::unordered_map<queue_visitor, std::uint32_t> seated_;
  inbox_account account_;
  duty_line duty_;
  bool is_idle_ = true;
};

}  // namespace troupe::detail
