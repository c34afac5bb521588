// What a run knows about its deaths: which of them it may go on after.
#pragma once

#include <troupe/topology.hpp>

#include "crew.hpp"
#include "duty.hpp"
#include "saboteur.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>

namespace troupe::detail {

/// Whether it died of another's death: who asks a dead actor has such an exception.
[[nodiscard]] bool is_consequence(const exit_status& status);

/// Kept for all attempts and passes of one run. Threads: one.
class casebook {
 public:
  casebook(const graph& plan, const run_options& options);

  /// Takes down the death of `whom`, number `member` of the crew. Nullopt where the run may go on, by a replacement or from
  /// its sources; else why not. An exception is an answer, and would be the same again; a signal, a limit or an exit may
  /// have had to do with the item at hand, or with nothing. Deaths on purpose count against nobody.
  std::optional<std::string> judge(std::uint32_t member, const crew::member& whom, const exit_status& status,
                                   const duty& line, duty_state state);
  /// The input begins again. Why not, where it has done so too often.
  [[nodiscard]] bool may_restart() const { return restarts_ < options_.max_restarts; }
  void note_restart(std::uint64_t turns_in_vain);
  /// Whether it was killed on purpose.
  bool note_victim(const crew::member& whom, duty_state state);
  void note_heal() { ++healed_; }
  /// All of the input has gone through.
  void note_pass();

  [[nodiscard]] saboteur* chaos() { return chaos_ ? &*chaos_ : nullptr; }
  [[nodiscard]] run_report::chaos_counts counts() const;
  [[nodiscard]] std::uint64_t turns_in_vain() const { return turns_in_vain_; }

 private:
  [[nodiscard]] std::string doing(const crew::member& whom, const duty& line, bool works) const;
  [[nodiscard]] std::string item_named(const duty& line) const;
  [[nodiscard]] unsigned attempts_without_work(std::uint32_t member, const duty& line);

  const graph& plan_;
  const run_options& options_;
  std::optional<saboteur> chaos_;
  std::map<std::tuple<std::string, std::uint64_t, std::uint64_t>, unsigned> deaths_at_;  ///< by node and item
  struct barren {
    std::uint64_t turns = 0;
    unsigned deaths = 0;
  };
  std::map<std::uint32_t, barren> barren_;  ///< by member: deaths since the last turn that it began
  bool attempt_had_victims_ = false;        ///< and with them others die
  std::uint64_t restarts_ = 0;              ///< but for those on purpose
  std::uint64_t all_restarts_ = 0;
  std::uint64_t healed_ = 0;
  std::uint64_t passes_ = 0;
  std::uint64_t turns_in_vain_ = 0;
};

}  // namespace troupe::detail
