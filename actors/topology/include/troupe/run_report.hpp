// What became of a run of a topology.
#pragma once

#include <troupe/exit_status.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace troupe {

/// What a run gave, for programs and for people; made by the function that `topology::conclude` was given, or by a job.
struct summary {
  std::string json{};  ///< one JSON value; empty: null
  std::string text{};  ///< lines
  std::vector<std::string>
      errors{};  ///< what went wrong, a sentence each: there is a result, but the run is not `ok`
};

/// What became of a run. The items are counted by the records that sources and sinks kept of what they gave and completed,
/// not by what the buffers between them believe. A value; any thread, any process.
struct run_report {
  struct item_counts {
    std::uint64_t in = 0;      ///< items that the sources gave
    std::uint64_t out = 0;     ///< of these, completed: all that became of them has reached the sinks
    std::uint64_t failed = 0;  ///< given up by `item_failed`
    std::uint64_t lost = 0;    ///< neither completed nor failed
    std::uint64_t repeated_starts = 0;  ///< handled again after a death
    std::uint64_t completed_twice = 0;
  };
  struct chaos_counts {
    std::uint64_t kills = 0;          ///< on purpose, of processes that were not idle
    std::uint64_t while_running = 0;  ///< of these, while the actor was handling something
    std::uint64_t stops = 0;          ///< processes that were paused
    std::uint64_t seed = 0;
    std::uint64_t passes = 0;     ///< times that all of the input has gone through
    std::uint64_t healed = 0;     ///< processes that were replaced alone, the others going on
    std::uint64_t restarts = 0;   ///< times that all processes were replaced, and the input began again
    std::uint64_t differing = 0;  ///< passes that gave another result than the last
    std::map<std::string, std::uint64_t> by_actor{};  ///< of the kills
  };
  struct actor_entry {
    std::string name;
    int pid = 0;
    std::uint64_t handled =
        0;  ///< items: given by a source, taken by a stage or sink; messages, for the buffers between
    std::uint64_t restarts = 0;
    exit_status exit{};
  };
  struct edge_entry {
    std::string from;
    std::string to;
    std::uint64_t items = 0;
    std::uint64_t bytes = 0;  ///< as they travelled, encoded
  };

  std::string topology;
  bool ok = false;  ///< every actor ended well and every item was completed, once
  double seconds = 0;
  item_counts items;
  chaos_counts chaos;
  std::vector<actor_entry>
      actors;  ///< sources, stages and sinks in the order they were declared, then what is between
  std::vector<edge_entry> edges;
  summary result;                   ///< empty where the run broke off
  std::vector<std::string> errors;  ///< why it is not `ok`, a sentence each
};

/// One JSON object, on one line: topology, ok, seconds, items{in, out, lost, repeated_starts, completed_twice},
/// chaos{kills, while_running, stops, seed, passes, healed, restarts, differing, by_actor}, actors[{name, pid, handled, restarts, exit{kind, code}, cpu_seconds,
/// max_rss_bytes}], edges[{from, to, items, bytes}], result. A `result` that is no JSON becomes a JSON string.
[[nodiscard]] std::string to_json(const run_report& report);

}  // namespace troupe
