// One process of a node.
#pragma once

#include <troupe/actor.hpp>
#include <troupe/detail/topology/graph.hpp>

#include "board.hpp"
#include "duty.hpp"
#include "outbox.hpp"
#include "parcel.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::detail {

/// What a replica is told when it is started.
struct assignment {
  std::uint32_t member = 0;  ///< its number on the board
  std::uint32_t node = 0;
  std::string node_name{};
  node_kind kind = node_kind::source;
  std::uint32_t index = 0;
  std::uint32_t replicas = 1;
  part_id role{};
  packed arguments{};
  std::optional<actor<inbox>> from{};  ///< none: a source
  bool keeps = false;                  ///< has what a death would lose: a result, or what it has completed
  std::uint64_t incarnation = 0;
  std::uint64_t begin_at = 0;  ///< a source's first position
  std::vector<edge_start> edges{};
  std::vector<actor<sequencer>> permits{};    ///< a source's: what keeps order behind it
  duty_sheet duties{};                        ///< none: on another node
  std::chrono::milliseconds longest_delay{};  ///< a fault on purpose, of one turn in a hundred; zero: none
  std::uint64_t seed = 0;                     ///< of the delays
  actor<board> run{};
};

/// The function of every process of a topology: makes the node's object, runs its stream to the end, and says so.
void run_replica(assignment task);

}  // namespace troupe::detail
