// What a replica sends on.
#pragma once

#include <troupe/actor.hpp>
#include <troupe/detail/topology/part.hpp>
#include <troupe/outlet.hpp>

#include "inbox_client.hpp"
#include "parcel.hpp"
#include "sequencer.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::detail {

/// An edge as the replicas at its beginning know it: the inboxes that it leads to, one for all replicas or one for each.
struct edge_start {
  std::uint32_t edge = 0;
  part_id route{};      ///< none: there is one inbox
  bool singly = false;  ///< no two values in one parcel: who gets it may want only the first
  std::vector<actor<inbox>> inboxes{};
  bool to_all = false;                      ///< each value to every inbox
  bool marks = false;                       ///< the next node must hear of every item
  std::optional<actor<sequencer>> order{};  ///< the inbox is reached through it
};

/// Collects what the call for one item emits, sorts it by receiver, and sends it when the turn is over:
///
///   begin(item)   emit ... emit   end_value()   [drop_value()]   commit()
///
/// A turn is one parcel taken, with all its values; at its end its share has been handed on or kept, never both.
/// Not thread-safe.
class outbox final : public emitter {
 public:
  /// `writer` tells the replicas at the edges' beginning apart.
  outbox(std::vector<edge_start> edges, std::uint32_t writer);
  ~outbox() = default;
  outbox(const outbox&) = delete;
  outbox& operator=(const outbox&) = delete;

  void begin(std::uint32_t origin, std::uint64_t ordinal, std::uint64_t share);
  void emit(const void* value, pack_function pack) override;
  /// What was emitted since the last of these stays, or goes and is replaced by the reason.
  void end_value();
  void drop_value(const std::string& reason);
  /// Sends it all, and the item's share with it. May wait for room.
  void commit();
  /// Hands a parcel on as it is.
  void pass_on(const parcel& item);
  /// After the last turn: waits until what keeps order has passed everything on.
  void finish();

  [[nodiscard]] bool has_values() const { return !turn_.empty(); }
  [[nodiscard]] bool leads_anywhere() const { return !edges_.empty(); }

 private:
  struct addressed {
    std::size_t edge = 0;
    std::size_t inbox = 0;
    std::uint32_t kept_values = 0;  ///< by end_value
    std::size_t kept_bytes = 0;
    parcel content{};
  };
  struct edge_state {
    edge_start start;
    part::hash_function hash = nullptr;
    std::vector<std::unique_ptr<inbox_client>> inboxes{};
    std::vector<std::size_t> open{};  ///< for each inbox: its parcel of this turn that can still grow, +1
  };

  addressed& parcel_for(std::size_t edge, std::size_t inbox);
  void send_all();
  void send(addressed& item, bool is_last);

  std::vector<edge_state> edges_;
  std::uint32_t writer_;
  std::vector<addressed> turn_;
  parcel item_;  ///< the one that the turn is about: origin, ordinal and share
};

}  // namespace troupe::detail
