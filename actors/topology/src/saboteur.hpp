// Who does a run's faults.
#pragma once

#include <troupe/chaos.hpp>
#include <troupe/run_report.hpp>

#include "crew.hpp"
#include "duty.hpp"

#include <chrono>
#include <cstdint>
#include <random>
#include <vector>

namespace troupe::detail {

/// Kills and pauses members of a crew at random moments; the run's own thread calls it when it is time. It outlives the
/// attempts and passes of the run. Threads: one.
class saboteur {
 public:
  using clock = std::chrono::steady_clock;

  explicit saboteur(const chaos_options& options);

  /// Whether there is still something to do.
  [[nodiscard]] bool wants_more() const { return kills_left() > 0 || counts_.stops < options_.stops; }
  /// When `act` is to be called next; `clock::time_point::max()`: not at all.
  [[nodiscard]] clock::time_point next() const;
  /// Does what is due to the first `mortals` members of the crew.
  void act(crew& crew, const duty_sheet& duties, std::uint32_t mortals);

  /// To be told of each death, before the line of the dead is used again. Whether it was killed here.
  bool note_death(const crew::member& whom, duty_state state);
  /// Nobody is paused any more: the crew is about to be waited for.
  void wake_all();
  /// The crew is no more.
  void forget_crew();

  [[nodiscard]] const run_report::chaos_counts& counts() const { return counts_; }

 private:
  struct sleeper {
    clock::time_point until;
    process whom;
  };

  [[nodiscard]] std::uint64_t kills_left() const { return options_.kills - counts_.kills; }
  std::uint64_t draw(std::uint64_t below) { return below == 0 ? 0 : random_() % below; }
  void wake(clock::time_point now);
  void kill_some(const std::vector<crew::member*>& busy);
  void pause_one(const std::vector<crew::member*>& busy, clock::time_point now);

  chaos_options options_;
  std::mt19937_64 random_;
  clock::time_point due_;
  std::uint64_t dying_ = 0;  ///< killed here, not heard of yet
  std::vector<sleeper> sleepers_;
  run_report::chaos_counts counts_;
};

}  // namespace troupe::detail
