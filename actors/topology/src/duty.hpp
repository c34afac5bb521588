// What each process of a run is at: in memory that outlives it.
#pragma once

#include <troupe/shared_array.hpp>

#include <atomic>
#include <cstdint>

namespace troupe::detail {

enum class duty_state : std::uint64_t {
  idle,
  handed,   ///< has been handed something that it is not done with
  working,  ///< is handling the item that it names
};

/// One process's line. Only that process writes it, while it lives; whoever runs the topology reads it, and trusts nothing
/// in it but its own death. Words, each of them written at once: after a death they are what was written last.
struct duty {
  std::uint64_t state = 0;
  std::uint64_t origin = 0;  ///< of the item that it is working at
  std::uint64_t ordinal = 0;
  std::uint64_t turns = 0;    ///< that it has begun
  std::uint64_t done_to = 0;  ///< a source's: the first position that it has not sent on
};

using duty_sheet = shared_array<duty>;

/// A line, for its writer. Without a sheet, on another node, it is one that nobody reads.
class duty_line {
 public:
  duty_line() = default;
  duty_line(duty_sheet sheet, std::uint32_t number)
      : sheet_{sheet ? std::move(sheet) : duty_sheet{number + std::size_t{1}}}, at_{&sheet_.at(number)} {}

  void rest() { set(at_->state, static_cast<std::uint64_t>(duty_state::idle)); }
  void be_handed() { set(at_->state, static_cast<std::uint64_t>(duty_state::handed)); }
  void work_at(std::uint32_t origin, std::uint64_t ordinal) {
    set(at_->origin, origin);
    set(at_->ordinal, ordinal);
    set(at_->turns, at_->turns + 1);
    set(at_->state, static_cast<std::uint64_t>(duty_state::working));
  }
  void send_to(std::uint64_t position) { set(at_->done_to, position); }

 private:
  /// In this order, for who reads while we write.
  static void set(std::uint64_t& word, std::uint64_t value) {
    std::atomic_ref{word}.store(value, std::memory_order_release);
  }

  duty_sheet sheet_;
  duty* at_ = nullptr;
};

[[nodiscard]] inline duty_state state_of(const duty_sheet& sheet, std::uint32_t number) {
  const auto state = std::atomic_ref{sheet.at(number).state}.load(
      std::memory_order_acquire);  // a process's word, not a fact
  if (state == static_cast<std::uint64_t>(duty_state::working)) return duty_state::working;
  return state == 0 ? duty_state::idle : duty_state::handed;
}

}  // namespace troupe::detail
