// The processes of one run.
#pragma once

#include <troupe/process.hpp>
#include <troupe/run_report.hpp>

#include "duty.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::detail {

/// Owns the processes of a run: none of them outlives it. Threads: one.
class crew {
 public:
  struct member {
    process handle;
    int pid = 0;
    std::uint64_t handled = 0;
    bool may_end = false;       ///< its end is no surprise any more
    bool is_sabotaged = false;  ///< it is dying on purpose
    bool is_elsewhere = false;  ///< on another node: nothing is known of what it is at
    std::uint64_t restarts = 0;
  };

  crew() = default;
  ~crew();
  crew(const crew&) = delete;
  crew& operator=(const crew&) = delete;

  /// Its number in the crew.
  std::uint32_t add(process handle, bool is_elsewhere = false);
  [[nodiscard]] member& at(std::uint32_t number) { return members_.at(number); }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(members_.size()); }

  /// Asks the members from number `first` on, below `last`, to stop, and kills those that have not done so after `grace`.
  /// Returns when they have ended.
  void stop(std::uint32_t first, std::uint32_t last, std::chrono::milliseconds grace);
  /// Ends them all at once, whatever they are at. Returns when they have ended.
  void kill_all();
  /// Puts another process in the place of one that has died.
  void replace(std::uint32_t number, process handle, bool is_elsewhere);
  /// Waits until all have ended.
  [[nodiscard]] std::vector<run_report::actor_entry> entries();

 private:
  std::vector<member> members_;
};

/// What a member is at, by its line; of one elsewhere it is taken that it is at something.
[[nodiscard]] duty_state state_of(const crew::member& whom, const duty_sheet& sheet, std::uint32_t number);

/// What a death looks like in a report: who, why, what it was at, and its last words.
[[nodiscard]] std::string obituary(const crew::member& whom, const exit_status& status,
                                   const std::string& doing);

}  // namespace troupe::detail
