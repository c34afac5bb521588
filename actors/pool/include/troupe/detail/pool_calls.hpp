// What is submitted to a pool: single calls, and the chunks of map_async.
#pragma once

#include <troupe/detail/pool_crew.hpp>
#include <troupe/detail/pool_job.hpp>
#include <troupe/relay.hpp>
#include <troupe/switched_off.hpp>

#include <any>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

namespace troupe::detail {

/// A submitted call: it waits at the desk, is at a worker, is answered. Used by one thread at a time.
class pool_task {
 public:
  explicit pool_task(std::shared_ptr<pool_crew> crew, const pool_rules& rules)
      : crew_{std::move(crew)}, rules_{rules} {}
  pool_task(const pool_task&) = delete;
  pool_task& operator=(const pool_task&) = delete;
  virtual ~pool_task() = default;

  /// Asks a worker; again where one has died.
  virtual void send(const pool_employee& to) = 0;
  /// The worker's answer. Only after `send`.
  [[nodiscard]] virtual awaited answer() const = 0;
  /// What the answer is, if it is an error. Only once it is there.
  [[nodiscard]] virtual std::exception_ptr problem() const = 0;
  /// The answer is that its worker died with it: whether it is to be sent again. Else `instead` may say what became of it.
  [[nodiscard]] virtual bool died(const actor_down& down) = 0;
  /// Gives the answer to whoever has submitted the call; false where it is to be sent again, for what is left of it.
  [[nodiscard]] virtual bool deliver() = 0;
  virtual void fail(std::exception_ptr problem) = 0;
  /// Its arguments, as a tuple of values; empty where they cannot be copied.
  [[nodiscard]] virtual std::any arguments() const = 0;
  /// Whether nobody wants the answer any more.
  [[nodiscard]] virtual bool is_given_up() const = 0;

  /// It has waited for long enough without having been begun: sets `instead`.
  [[nodiscard]] bool has_expired(std::chrono::steady_clock::time_point now) {
    if (rules_.queue_deadline.count() == 0 || was_sent_ || switched_off("queue_deadline") ||
        now - submitted_ < rules_.queue_deadline)
      return false;
    instead = std::make_exception_ptr(queue_deadline_exceeded{crew_->name(), rules_.queue_deadline});
    return true;
  }
  void is_sent() { was_sent_ = true; }

  std::size_t number = 0;  ///< in the order of the submissions
  int sent_in_vain = 0;
  std::exception_ptr instead{};     ///< of the answer: set where that says less
  std::exception_ptr last_death{};  ///< of a worker that had begun with it: an `actor_down`

 protected:
  std::shared_ptr<pool_crew> crew_;
  pool_rules rules_;
  pool_sending sent_;

 private:
  std::chrono::steady_clock::time_point submitted_ = std::chrono::steady_clock::now();
  bool was_sent_ = false;
};

template <class Task, class... Value>
class submitted_call final : public pool_task {
 public:
  using result = task_result<Task, Value...>;

  template <class... Given>
  submitted_call(std::shared_ptr<pool_crew> crew, std::shared_ptr<relay_driver> driver, Given&&... given)
      : pool_task{crew, crew->rules()}, values_{std::forward<Given>(given)...}, relay_{std::move(driver)} {}

  [[nodiscard]] future<result> get_future() const { return relay_.get_future(); }

  void send(const pool_employee& to) override {
    sent_ = crew_->order(to, static_cast<std::uint32_t>(attempts_.size() + 1), false, rules_);
    answer_ =
        sent_.to->actor.template ask<&pool_worker::template run_one<Task, Value...>>(values_, sent_.order);
    relay_.given_to(answer_);
  }
  [[nodiscard]] awaited answer() const override { return awaited{answer_}; }
  [[nodiscard]] std::exception_ptr problem() const override { return answer_.exception(); }
  [[nodiscard]] bool died(const actor_down& down) override {
    const auto remains = pool_remains::of(sent_.to->log, sent_.order.ticket, 1);
    attempts_.push_back({sent_.to->actor.name(), sent_.to->pid, down.status()});
    if (remains && has_exceeded(*remains, down, rules_)) {
      instead = std::make_exception_ptr(deadline_exceeded{rules_.deadline, attempts_.back()});
    } else if (attempts_.size() >= rules_.max_attempts) {
      instead = std::make_exception_ptr(quarantined{attempts_});
    }
    return !instead;
  }
  [[nodiscard]] bool deliver() override {
    relay_.forward(std::move(answer_));
    return true;
  }
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
  std::vector<lost_attempt> attempts_;
};

/// How a chunk's future ends where its results are there: only a worker's answer could be a value.
class items_are_done : public error {
 public:
  using error::error;
};

/// Of a map_async: what its future keeps of one chunk. Where `settled` has ended as `items_are_done`, the rest is the
/// reader's; where it has ended as anything else, there is nothing to read, and the pool may be at it still.
template <class Result>
class async_part {
 public:
  async_part() = default;
  async_part(const async_part&) = delete;
  async_part& operator=(const async_part&) = delete;
  virtual ~async_part() = default;

  [[nodiscard]] virtual std::size_t first() const = 0;
  [[nodiscard]] virtual std::vector<Result>& values() = 0;
  [[nodiscard]] virtual const std::vector<item_problem>& problems() const = 0;
  [[nodiscard]] virtual future<void> settled() const = 0;
};

template <class Task, class Item>
class submitted_chunk final : public pool_task, public async_part<kept_result<task_result<Task, Item>>> {
 public:
  using job = pool_job<Task, Item>;

  submitted_chunk(std::shared_ptr<pool_crew> crew, std::shared_ptr<relay_driver> driver,
                  const pool_rules& rules, pool_chunk<Item>&& chunk)
      : pool_task{std::move(crew), rules}, job_{std::move(chunk), true}, relay_{std::move(driver)} {}

  void send(const pool_employee& to) override {
    sent_ = crew_->order(to, job_.attempt(), job_.until_failure(), rules_);
    answer_ =
        sent_.to->actor.template ask<&pool_worker::template run_chunk<Task, Item>>(job_.items, sent_.order);
  }
  [[nodiscard]] awaited answer() const override { return awaited{answer_}; }
  [[nodiscard]] std::exception_ptr problem() const override { return answer_.exception(); }
  [[nodiscard]] bool died(const actor_down& down) override {
    job_.died(down, sent_, rules_);
    if (job_.is_over()) instead = is_done();
    return !instead;
  }
  [[nodiscard]] bool deliver() override {
    try {
      job_.answered(answer_.get(), sent_.to->actor.name(), sent_.is_recalled());
    } catch (...) {
      job_.fail(std::current_exception());
    }
    if (job_.is_over()) relay_.fail(is_done());
    return job_.is_over();
  }
  void fail(std::exception_ptr problem) override { relay_.fail(std::move(problem)); }
  [[nodiscard]] std::any arguments() const override {
    if constexpr (std::is_copy_constructible_v<Item>) return std::tuple{job_.items};
    return {};
  }
  [[nodiscard]] bool is_given_up() const override { return relay_.settled(); }

  [[nodiscard]] std::size_t first() const override { return job_.first; }
  [[nodiscard]] std::vector<typename job::value_type>& values() override { return job_.values; }
  [[nodiscard]] const std::vector<item_problem>& problems() const override { return job_.problems; }
  [[nodiscard]] future<void> settled() const override { return relay_.get_future(); }

 private:
  static std::exception_ptr is_done() {
    return std::make_exception_ptr(items_are_done{"the results are in their place"});
  }

  job job_;
  relay<void> relay_;
  future<typename job::results> answer_;
};

}  // namespace troupe::detail
