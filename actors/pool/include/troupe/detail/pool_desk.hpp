// Where submitted calls wait for a worker.
#pragma once

#include <troupe/detail/pool_crew.hpp>
#include <troupe/relay.hpp>

#include <any>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace troupe::detail {

/// A submitted call: it waits at the desk, is at a worker, is answered. Used by one thread at a time.
class pool_task {
 public:
  pool_task() = default;
  pool_task(const pool_task&) = delete;
  pool_task& operator=(const pool_task&) = delete;
  virtual ~pool_task() = default;

  /// Asks a worker; again where one has died before it had begun.
  virtual void send(const pool_actor& to) = 0;
  /// The worker's answer. Only after `send`.
  [[nodiscard]] virtual awaited answer() const = 0;
  /// What the answer is, if it is an error. Only once it is there.
  [[nodiscard]] virtual std::exception_ptr problem() const = 0;
  /// Gives the answer to whoever has submitted the call.
  virtual void deliver() = 0;
  virtual void fail(std::exception_ptr problem) = 0;
  /// Its arguments, as a tuple of values; empty where they cannot be copied.
  [[nodiscard]] virtual std::any arguments() const = 0;
  /// Whether nobody wants the answer any more.
  [[nodiscard]] virtual bool is_given_up() const = 0;

  std::size_t number = 0;  ///< in the order of the submissions
  int sent_in_vain = 0;
  std::exception_ptr instead{};  ///< of the answer: set where that says less
};

template <class Task, class... Value>
class submitted_call final : public pool_task {
 public:
  using result = task_result<Task, Value...>;

  template <class... Given>
  explicit submitted_call(std::shared_ptr<relay_driver> driver, Given&&... given)
      : values_{std::forward<Given>(given)...}, relay_{std::move(driver)} {}

  [[nodiscard]] future<result> get_future() const { return relay_.get_future(); }

  void send(const pool_actor& to) override {
    answer_ = to.template ask<&pool_worker::template run_one<Task, Value...>>(values_);
    relay_.given_to(answer_);
  }
  [[nodiscard]] awaited answer() const override { return awaited{answer_}; }
  [[nodiscard]] std::exception_ptr problem() const override { return answer_.exception(); }
  void deliver() override { relay_.forward(std::move(answer_)); }
  void fail(std::exception_ptr problem) override { relay_.fail(std::move(problem)); }
  [[nodiscard]] std::any arguments() const override {
    if constexpr (std::is_copy_constructible_v<std::tuple<Value...>>) return values_;
    return {};
  }
  [[nodiscard]] bool is_given_up() const override { return relay_.settled(); }

 private:
  std::tuple<Value...> values_;
  relay<result> relay_;
  future<result> answer_;
};

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

  void submit(std::unique_ptr<pool_task> task);
  std::vector<awaited> waits_for() override;
  void advance() override;
  void cancelled() override;
  /// Nothing that waits is begun any more: it is given back. What is at a worker goes on.
  std::deque<std::unique_ptr<pool_task>> take_waiting();
  /// Waits until nothing waits and nothing is at a worker; false after `patience`.
  bool wait_until_idle(std::chrono::nanoseconds patience);
  /// Nothing is begun any more: what waits ends as `pool_closed`.
  void end();

 private:
  using task_pointer = std::unique_ptr<pool_task>;
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
  void collect(std::vector<task_pointer>& done);
  std::vector<relay<void>> take_idle();
  std::optional<assignment> assign(const std::vector<bool>& passed_over);
  handling carry_out(assignment what);
  bool send(assignment& what);
  void hand_over(std::size_t place, std::thread::id to);
  void end_delivering();
  bool put_back(assignment& what);

  std::shared_ptr<pool_crew> crew_;
  std::mutex mutex_;                      // of everything below
  std::condition_variable settled_down_;  // a seat is in transit no more, or answers have been delivered
  std::vector<seat> seats_;
  std::deque<task_pointer> waiting_;
  std::vector<std::thread::id> delivering_;  // of threads that have answers in their hands
  std::vector<relay<void>> idle_;            // of those who wait for nothing to be left
  std::size_t submitted_ = 0;
  bool ended_ = false;
};

}  // namespace troupe::detail
