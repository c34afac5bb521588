// The actor that a pool's workers are.
#pragma once

#include <troupe/detail/pool_log.hpp>
#include <troupe/detail/pool_task.hpp>
#include <troupe/failure.hpp>
#include <troupe/switched_off.hpp>
#include <troupe/this_actor.hpp>
#include <troupe/timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::detail {

/// What became of a chunk, or of its first items where it was given back early. The values of those that did not throw, in
/// order.
template <class Result>
struct chunk_results {
  std::vector<Result> values;
  std::vector<item_failure> failures;
  std::int64_t nanoseconds = 0;  ///< that it took
};

/// What stands for the result of a function that returns nothing.
using no_result = std::uint8_t;

template <class Result>
using kept_result = std::conditional_t<std::is_void_v<Result>, no_result, Result>;

/// Of the process: which attempt at the item it is that runs; 0: no item.
inline std::uint32_t current_attempt = 0;

/// The items of one order begin and end: notes that, and lets none of them take longer than it may.
class pool_limit {
 public:
  explicit pool_limit(const pool_order& order) : deadline_{order.deadline} {
    current_attempt = order.attempt;
  }
  ~pool_limit() {
    current_attempt = 0;
    if (is_set_) this_actor::kill_after(std::chrono::nanoseconds::max());
  }
  pool_limit(const pool_limit&) = delete;
  pool_limit& operator=(const pool_limit&) = delete;

  void begins(pool_notes& notes, std::size_t item) {
    if (deadline_ == 0) return notes.begins(item);
    notes.begins_at(item, std::chrono::steady_clock::now());
    if (!switched_off("pool_deadline")) this_actor::kill_after(std::chrono::nanoseconds{deadline_});
    is_set_ = true;
  }
  /// And what became of it is noted. Without a deadline the next one's beginning says as much, and nothing is between.
  void ended(pool_notes& notes, std::size_t item, bool is_last) const {
    current_attempt = 1;
    if (is_last || deadline_ != 0) notes.ended(item);
  }

 private:
  std::int64_t deadline_;
  bool is_set_ = false;
};

/// At the end of an order notes how much memory it has left behind, where that is wanted.
class pool_weighing {
 public:
  pool_weighing(pool_notes& notes, const pool_order& order) : notes_{order.weighs ? &notes : nullptr} {}
  ~pool_weighing() {
    if (notes_ != nullptr) notes_->weighs(resident_bytes());
  }
  pool_weighing(const pool_weighing&) = delete;
  pool_weighing& operator=(const pool_weighing&) = delete;

 private:
  pool_notes* notes_;
};

/// Runs whatever it is asked to: it knows every task that the program's call sites name. What it is asked is static: GCC gives
/// what is named by a pointer to a member function external linkage, and so two files' tasks of one name would be one.
class pool_worker {
 public:
  explicit pool_worker(pool_log log) : log_{std::move(log)} {}
  /// On another node than its pool, which never sees its notes.
  pool_worker() : pool_worker{pool_log{pool_log_words}} {}

  /// The items in their order; it may end early, with at least one of them done, or none where the order is recalled. What is
  /// finished is noted, so that a death costs what runs only; so where a result cannot be noted, it ends with that one.
  template <class Task, class Item>
  static chunk_results<kept_result<task_result<Task, Item>>> run_chunk(pool_worker& self,
                                                                       std::vector<Item> items,
                                                                       pool_order order) {
    const auto began = std::chrono::steady_clock::now();
    pool_notes notes{self.log_, order.ticket};
    const pool_weighing weighing{notes, order};
    pool_results_kept<kept_result<task_result<Task, Item>>> kept{notes, items.size()};
    pool_limit limit{order};
    std::size_t place = 0;
    for (bool goes_on = true; goes_on && place < kept.most(); ++place) {
      if ((place == 0 || order.in_parts) && notes.is_recalled()) {
        if (place != 0) notes.ended(place - 1);
        break;
      }
      limit.begins(notes, place);
      const bool is_last = place + 1 == items.size();
      try {
        goes_on = run_item<Task>(items, place, kept, is_last);
      } catch (...) {
        goes_on = kept.fail(place, std::current_exception()) && !order.until_failure;
      }
      if (goes_on) limit.ended(notes, place, is_last);
    }
    return {kept.values(place), kept.failures(), (std::chrono::steady_clock::now() - began).count()};
  }

  /// What comes first. Where it fails, nothing that is behind it is begun.
  template <class Task, class... Value>
  static void initialize(std::tuple<Value...> values) {
    try {
      std::apply([](auto&... value) { (void)call_task<Task>(value...); }, values);
    } catch (...) {
      this_actor::stop();
      throw;
    }
  }

  template <class Task, class... Value>
  static task_result<Task, Value...> run_one(pool_worker& self, std::tuple<Value...> values,
                                             pool_order order) {
    pool_notes notes{self.log_, order.ticket};
    const pool_weighing weighing{notes, order};
    pool_limit limit{order};
    limit.begins(notes, 0);
    return std::apply([](auto&... value) -> task_result<Task, Value...> { return call_task<Task>(value...); },
                      values);
  }

 private:
  /// False where its result could not be noted.
  template <class Task, class Item, class Kept>
  static bool run_item(std::vector<Item>& items, std::size_t place, Kept& kept, bool is_last) {
    Item item = std::move(items[place]);
    if constexpr (std::is_void_v<task_result<Task, Item>>) {
      call_task<Task>(item);
      return kept.keep(place, no_result{}, is_last);
    } else {
      return kept.keep(place, call_task<Task>(item), is_last);
    }
  }

  pool_log log_;
};

}  // namespace troupe::detail
