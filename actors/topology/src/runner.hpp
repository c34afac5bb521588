// A run of a topology, from the process that wants it.
#pragma once

#include <troupe/detail/topology/graph.hpp>
#include <troupe/topology.hpp>

#include "board.hpp"
#include "casebook.hpp"
#include "crew.hpp"
#include "inbox.hpp"
#include "parcel.hpp"
#include "replica.hpp"
#include "sequencer.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::detail {

///   start    the board, the inboxes, the replicas
///   follow   news from the board: a replica has come to its end, or somebody has died. When all replicas before a node
///            have ended, its inboxes are closed, which ends its own stream. A replica that died is replaced alone, where
///            nothing is lost with it; any other death breaks the attempt off, and whoever called begins another
///   settle   everybody ends; the ledgers are put together
/// Threads: one.
class runner {
 public:
  runner(const graph& plan, actor_system& system, const run_options& options, casebook& book);
  run_report run();

  /// It was broken off, and may be begun again.
  [[nodiscard]] bool is_to_begin_again() const { return broken_ && may_begin_again_; }
  [[nodiscard]] bool has_ended() const { return !broken_; }
  /// That sources, stages and sinks have begun.
  [[nodiscard]] std::uint64_t turns() const;

 private:
  struct replica_state {
    std::uint32_t member = 0;
    bool has_ended = false;
    assignment task{};
    ending end{};
  };
  struct node_state {
    std::vector<actor<inbox>> inboxes;
    std::vector<replica_state> replicas;
    std::uint64_t accepted = 0;  ///< by the inboxes
    [[nodiscard]] bool has_ended() const;
  };

  [[nodiscard]] bool may_leave(std::uint32_t node) const;
  void make_inboxes(std::uint32_t node);
  void make_sequencers();
  [[nodiscard]] std::vector<std::uint32_t> sources_before(std::uint32_t node) const;
  void start_replicas(std::uint32_t node);
  void watch_all();

  void follow();
  [[nodiscard]] std::optional<std::chrono::nanoseconds> patience() const;
  void pass_time();
  void take(news& item);
  replica_state* replica_of(std::uint32_t member);
  void note_ending(std::uint32_t member, ending end);
  void close_inboxes();
  static void close(const actor<inbox>& which);
  void note_death(std::uint32_t member);
  [[nodiscard]] bool can_heal(std::uint32_t node) const;
  [[nodiscard]] bool heal(std::uint32_t member);
  struct started {
    process handle;
    bool is_elsewhere = false;
  };
  started start(const assignment& task);
  [[nodiscard]] duty line_of(std::uint32_t member);
  [[nodiscard]] bool is_over() const;
  void show_progress();

  void settle();
  void note_other_victims();
  void hear_inboxes();
  void count_items();
  [[nodiscard]] std::uint64_t repeated_starts(std::uint32_t node) const;
  void conclude();

  const graph& plan_;
  actor_system& system_;
  const run_options& options_;
  casebook& book_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  crew crew_;
  actor<board> board_;
  std::uint32_t board_member_ = 0;
  std::uint32_t replicas_ = 0;  ///< how many members of the crew are: the first ones
  std::uint32_t inboxes_ = 0;   ///< the next ones
  std::vector<node_state> nodes_;
  std::map<std::uint32_t, actor<sequencer>> sequencers_;  ///< by edge
  duty_sheet duties_;                                     ///< a line for each member of the crew
  std::chrono::steady_clock::time_point shown_ = began_;  ///< the last progress
  std::optional<std::string> broken_;                     ///< why the run cannot go on
  bool may_begin_again_ = false;
  run_report report_;
};

}  // namespace troupe::detail
