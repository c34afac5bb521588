// The host's process as a member of its system.
#pragma once

#include <troupe/actor_system.hpp>

#include "platform/signals.hpp"
#include "platform/waker.hpp"
#include "process/entrance.hpp"
#include "process/readiness.hpp"
#include "runtime/member.hpp"
#include "system/letter_box.hpp"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <thread>

namespace troupe::system_layer {

/// Thread-safe. Who waits for an answer reads the channel himself: no hop over another thread. The one background thread
/// reads control messages, and those channels on which many answers are due that nobody waits for.
class host_member final : public runtime::member {
 public:
  /// The options' grace is for an end that a signal brings.
  host_member(process_layer::launched_guardian guardian, const system_options& options);
  ~host_member() override;

  /// Starts the background thread; once, after construction.
  void start();
  /// Ends the system. A second call returns an empty report.
  stop_report shut_down(std::chrono::milliseconds grace);
  [[nodiscard]] letter_box& letters() { return letters_; }
  /// Called when a group of the host's has ended, and when an actor hangs that is watched for that.
  [[nodiscard]] host_callback<escalation>& escalated() { return escalated_; }
  [[nodiscard]] host_callback<hang>& hung() { return hung_; }
  /// What this system has made that there still is. Not at the same time as `shut_down`.
  [[nodiscard]] std::vector<std::string> residue();
  /// From now on a signal ends the system.
  void handle_signals();
  /// The signal that has; 0 where none has.
  [[nodiscard]] int interrupted_by() const { return interrupted_by_; }

  bool wait_on(runtime::connection& over, const runtime::condition& done, detail::deadline until) override;
  bool wait_on_any(std::span<runtime::connection* const> overs, const runtime::condition& done,
                   detail::deadline until) override;
  void asked(const std::shared_ptr<runtime::connection>& over) override;
  void run_later(std::function<void()> what) override;

 private:
  bool wait_for_control(const runtime::condition& done, detail::deadline until,
                        std::uint32_t on = 0) override;
  bool wait_for_control_in_background(const runtime::condition& done, detail::deadline until);
  void receive_request(const std::shared_ptr<runtime::connection>& from, channel::message&& request) override;
  void interrupt(runtime::connection& over) override;

  class joint_wait;
  void listen_where_due(runtime::connection& over);
  void read_in_background(const std::shared_ptr<runtime::connection>& over);
  void listen_to_control();
  void listen_to_guardian();
  void run_in_background();
  void run_what_is_left();
  static bool look_for_a_while(runtime::connection& over);
  bool begin_ending(std::chrono::milliseconds grace);
  void end_by_signal();
  void lose_guardian();
  bool read_control();
  void tell_hang(const process_layer::hangs& told);

  process_layer::launched_guardian guardian_;  // its link and page have moved to the base
  platform::standard_numbers_kept
      numbers_kept_;  // while Asio opens what its loop needs: this line stands before that
  boost::asio::io_context loop_{1};
  process_layer::readiness control_ready_{loop_};
  process_layer::readiness guardian_ended_{loop_};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_{
      loop_.get_executor()};
  std::thread background_;
  std::chrono::milliseconds grace_;
  std::optional<platform::signal_watch> signals_;  // guarded by ending_
  process_layer::readiness signal_came_{loop_};
  platform::waker interruption_;  // readable for good once a signal has come: ends every wait for an answer
  std::atomic<int> interrupted_by_{0};
  letter_box letters_;
  host_callback<escalation> escalated_;
  host_callback<hang> hung_;
  bool guardian_is_gone_ = false;  // guarded by mutex_
  std::mutex ending_;
  bool background_ended_ = false;                 // guarded by ending_
  std::optional<process_layer::stopped> report_;  // guarded by mutex_
};

}  // namespace troupe::system_layer
