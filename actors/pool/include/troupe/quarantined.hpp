// What becomes of a pool's item that its workers do not survive, or that takes too long.
#pragma once

#include <troupe/errors.hpp>
#include <troupe/exit_status.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace troupe {

/// A worker that died with an item.
struct lost_attempt {
  std::string worker;
  int pid = 0;
  exit_status status;  ///< how it ended
};

/// The worker died while it ran this item, each of the times that `max_attempts` allows: the item is given up, what was with
/// it goes on. As an `actor_down` it is about the last attempt, fate `died_running`. What the attempts did outside is unknown.
class quarantined : public actor_down {
 public:
  /// At least one attempt.
  explicit quarantined(std::vector<lost_attempt> attempts);
  /// In the order in which they were made; each was over before the next began.
  [[nodiscard]] const std::vector<lost_attempt>& attempts() const { return attempts_; }
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::vector<lost_attempt> attempts_;
  std::string text_;
};

/// A pool's item had run as long as its `deadline` allows, and was ended with its worker. It is not tried again.
class deadline_exceeded : public timeout {
 public:
  deadline_exceeded(std::chrono::nanoseconds allowed, lost_attempt attempt);
  [[nodiscard]] std::chrono::nanoseconds allowed() const { return allowed_; }
  [[nodiscard]] const lost_attempt& attempt() const { return attempt_; }

 private:
  std::chrono::nanoseconds allowed_;
  lost_attempt attempt_;
};

/// What was submitted to a pool had waited for a worker as long as its `queue_deadline` allows. It was never begun.
class queue_deadline_exceeded : public timeout {
 public:
  queue_deadline_exceeded(const std::string& pool, std::chrono::nanoseconds allowed);
  [[nodiscard]] std::chrono::nanoseconds allowed() const { return allowed_; }

 private:
  std::chrono::nanoseconds allowed_;
};

}  // namespace troupe
