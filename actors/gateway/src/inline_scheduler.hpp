// A CAF scheduler without threads.
#pragma once

#include <troupe/detail/caf/version.hpp>

#include <caf/detail/simple_actor_clock.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <chrono>
#include <deque>
#include <mutex>
#include <optional>

namespace troupe::caf::detail {

/// CAF's clock, without the thread that it has elsewhere: whoever runs the scheduler asks it. Calls may come from any thread:
/// detached actors have timeouts too.
class inline_clock final : public ::caf::detail::simple_actor_clock {
 public:
  void set_ordinary_timeout(time_point t, ::caf::abstract_actor* self, ::caf::atom_value type,
                            std::uint64_t id) override;
  void set_multi_timeout(time_point t, ::caf::abstract_actor* self, ::caf::atom_value type,
                         std::uint64_t id) override;
  void set_request_timeout(time_point t, ::caf::abstract_actor* self, ::caf::message_id id) override;
  void cancel_ordinary_timeout(::caf::abstract_actor* self, ::caf::atom_value type) override;
  void cancel_request_timeout(::caf::abstract_actor* self, ::caf::message_id id) override;
  void cancel_timeouts(::caf::abstract_actor* self) override;
  void schedule_message(time_point t, ::caf::strong_actor_ptr receiver,
                        ::caf::mailbox_element_ptr content) override;
  void schedule_message(time_point t, ::caf::group target, ::caf::strong_actor_ptr sender,
                        ::caf::message content) override;
  void cancel_all() override;

  /// Sends what is due.
  void advance();
  /// When something will be.
  [[nodiscard]] std::optional<time_point> next() const;

 private:
  mutable std::recursive_mutex mutex_;  // what is sent may set the next timeout
};

/// Runs CAF's actors on the thread that calls `run`, which is the only one to do so; anybody may give it work.
class inline_scheduler final : public ::caf::scheduler::abstract_coordinator, private ::caf::execution_unit {
 public:
  explicit inline_scheduler(::caf::actor_system& system);

  /// Runs everything there is to run now, and what that makes to run.
  void run();
  [[nodiscard]] inline_clock& timeouts() { return clock_; }

  void enqueue(::caf::resumable* what) override;
  ::caf::actor_clock& clock() noexcept override { return clock_; }

 protected:
  void stop() override;

 private:
  void exec_later(::caf::resumable* what) override { enqueue(what); }
  [[nodiscard]] ::caf::resumable* next();

  std::mutex mutex_;
  std::deque<::caf::resumable*> jobs_;
  inline_clock clock_;
};

/// Has the system that is made by `settings` scheduled by one of these, which it owns.
void schedule_inline(::caf::actor_system_config& settings);

}  // namespace troupe::caf::detail
