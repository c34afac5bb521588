// Where a run's actors say how far they have come, and whoever runs it waits for news.
#pragma once

#include <troupe/process.hpp>
#include <troupe/promise.hpp>

#include "ledger.hpp"
#include "outbox.hpp"

#include <cstdint>
#include <vector>

namespace troupe::detail {

/// What a replica knows at its end.
struct ending {
  std::uint64_t handled = 0;
  std::uint64_t given = 0;  ///< items that begin here: a source's, or a stage's at the end of its stream
  ledger seen{};            ///< a sink's
  packed result{};
};

/// What a replica that has seen something keeps where its death does not reach it.
struct kept_state {
  ending so_far{};
  packed object{};
  bool has_enough = false;  ///< it wants no more items
};

struct news {
  std::uint32_t actor = 0;
  bool is_down = false;  ///< else it has come to its end, which is:
  ending end{};
};

/// An actor of its own, so that ends and deaths come to one place in one order: a replica's ending is known before its
/// death is.
class board {
 public:
  /// Counts `whom` as number `actor`, and tells of its death.
  void watch(const process& whom, std::uint32_t actor);

  void handled(std::uint32_t actor, std::uint64_t items);
  void ended(std::uint32_t actor, ending end);

  /// Answered once there is news. One asker.
  promise<std::vector<news>> next();
  [[nodiscard]] std::vector<std::uint64_t> progress() const { return handled_; }

 private:
  void add(news item);

  std::vector<news> waiting_;
  std::vector<std::uint64_t> handled_;
  std::vector<promise<std::vector<news>>> asker_;  ///< one or none
};

}  // namespace troupe::detail
