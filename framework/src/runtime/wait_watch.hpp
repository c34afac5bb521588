// What an actor's only thread is blocked in, for finding circles of actors that wait for each other (process/inquiry.hpp).
#pragma once

#include "platform/clock.hpp"
#include "process/control_link.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace troupe::runtime {

/// The actor's own thread only.
class wait_watch {
 public:
  explicit wait_watch(const process_layer::control_link& to_guardian) : link_{to_guardian} {}

  /// A wait for one of `on` that is under way. One with a deadline ends by itself, so it is part of no circle. Waits nest
  /// where a callback that runs inside one blocks too. `on` must live as long.
  class wait {
   public:
    wait(wait_watch& watch, std::span<const std::uint32_t> on, platform::time_point until);
    ~wait() { watch_.innermost_ = outer_; }
    wait(const wait&) = delete;
    wait& operator=(const wait&) = delete;

    /// Throws `would_deadlock` where this wait was found to close a circle.
    void check() const;
    /// All that has come has been looked at, and the wait is not over: answers the guardian's questions. Returns until when
    /// to sleep: at its deadline, or to tell the guardian, at once where whoever is waited for `is_blocked` too.
    platform::time_point before_sleep(bool is_blocked);

   private:
    friend class wait_watch;
    wait_watch& watch_;
    wait* outer_;
    std::span<const std::uint32_t> on_;
    platform::time_point until_;
    std::uint64_t number_;
    platform::time_point since_{};      // of the first sleep
    platform::time_point report_at_{};  // `never` once it is reported
  };

  void asked(const process_layer::inquire& question) { questions_.push_back(question.inquiry); }
  void told(process_layer::deadlocked verdict) { verdict_ = std::move(verdict); }
  [[nodiscard]] bool has_questions() const { return !questions_.empty(); }
  void answer(const process_layer::wait_state& state);

 private:
  const process_layer::control_link& link_;
  wait* innermost_ = nullptr;
  std::uint64_t last_number_ = 0;
  std::vector<std::uint64_t> questions_;
  process_layer::deadlocked verdict_;
};

}  // namespace troupe::runtime
