// A process's way to an inbox.
#pragma once

#include <troupe/actor.hpp>
#include <troupe/detail/queue_reader.hpp>
#include <troupe/detail/queue_writer.hpp>

#include "inbox.hpp"

#include <cstdint>
#include <optional>

namespace troupe::detail {

/// Puts and gets as a queue's handle does. Its end is that of the visit. Threads: one. Processes: an actor's.
class inbox_client {
 public:
  explicit inbox_client(const actor<inbox>& to);
  ~inbox_client();
  inbox_client(const inbox_client&) = delete;
  inbox_client& operator=(const inbox_client&) = delete;

  /// Waits for room. False where it is closed: not taken.
  bool put(const parcel& item);
  /// Nullopt at the end; throws `timeout` at `until`.
  std::optional<parcel> get(deadline until) { return reader_.get(until); }

  [[nodiscard]] bool has_more() { return reader_.has_more(); }

  /// From here on what this reader takes is done only by `keep`. What the seat's last holder has kept; empty: nothing.
  packed settle(std::uint32_t seat, std::uint64_t incarnation);
  void keep(std::uint64_t items, packed kept);

 private:
  actor<inbox> to_;
  queue_visitor who_;
  bool has_seat_ = false;
  queue_writer<parcel, 0, inbox, inbox> writer_;
  queue_reader<parcel, 0, inbox, inbox> reader_;
};

}  // namespace troupe::detail
