// Where submitted calls wait for a worker.
#pragma once

#include <troupe/detail/pool_calls.hpp>
#include <troupe/detail/pool_crew.hpp>
#include <troupe/relay.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace troupe::detail {

/// The queue of submitted calls, and who does which. A worker has one of them at a time, so that none waits behind another
/// while a worker is idle.
///
/// Whoever waits for an answer brings all of them on; where nobody waits, the thread that runs callbacks does. That thread
/// must never be kept waiting by one that waits for it, as the start of a process does. So nothing of the library is called
/// with the mutex held: a seat that is being seen to is `in_transit`, and others pass it over.
///
/// Threads: any.
class pool_desk final : public relay_driver, public std::enable_shared_from_this<pool_desk> {
 public:
  explicit pool_desk(std::shared_ptr<pool_crew> crew);

  void submit(std::shared_ptr<pool_task> task);
  std::vector<awaited> waits_for() override;
  void advance() override;
  void cancelled() override;
  /// Nothing that waits is begun any more: it is given back. What is at a worker goes on.
  std::deque<std::shared_ptr<pool_task>> take_waiting();
  /// As `take_waiting`. Where more may come, what is left unbegun by the crew's end is kept for the next of these calls.
  std::deque<std::shared_ptr<pool_task>> take_unbegun(bool more_may_come);
  /// Waits until nothing waits and nothing is at a worker; false after `patience`.
  bool wait_until_idle(std::chrono::nanoseconds patience);
  /// Nothing is begun any more: what waits ends as `pool_closed`.
  void end();

 private:
  using task_pointer = std::shared_ptr<pool_task>;
  struct seat {
    pool_actor worker;
    task_pointer task;
    std::optional<awaited> answer;  // with a task
    bool in_transit = false;
    std::thread::id handler;  // in transit: whose hands it is in
  };
  struct assignment {
    std::size_t place;
    task_pointer task;
  };

  /// Whose the seat of an assignment is after it has been carried out, as far as that went.
  enum class handling { done, no_worker, in_other_hands };

  void advance(std::optional<std::size_t> in_hand);
  void end_delivering();
  bool deliver(const std::vector<task_pointer>& done);
  static bool is_to_be_sent_again(pool_task& task);
  void collect(std::vector<task_pointer>& done);
  std::vector<relay<void>> take_idle();
  std::optional<assignment> assign(const std::vector<bool>& passed_over, std::vector<task_pointer>& expired);
  handling carry_out(assignment what, const std::vector<bool>& passed_over);
  bool send(assignment& what);
  void hand_over(std::size_t place, std::thread::id to);
  bool put_back(assignment& what, const std::vector<bool>& passed_over);
  bool keep(assignment& what);

  std::shared_ptr<pool_crew> crew_;
  std::mutex mutex_;                      // of everything below
  std::condition_variable settled_down_;  // a seat is in transit no more, or answers have been delivered
  std::vector<seat> seats_;
  std::deque<task_pointer> waiting_;
  std::optional<std::deque<task_pointer>> kept_;  // for `take_unbegun`
  std::vector<std::thread::id> delivering_;       // of threads that have answers in their hands
  std::vector<relay<void>> idle_;                 // of those who wait for nothing to be left
  std::size_t submitted_ = 0;
  bool ended_ = false;
};

}  // namespace troupe::detail
