// The actor that a pool's workers are.
#pragma once

#include <troupe/detail/pool_task.hpp>
#include <troupe/failure.hpp>
#include <troupe/this_actor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::detail {

/// An item of a chunk that threw.
struct item_failure {
  std::uint64_t place = 0;  ///< in its chunk
  failure what;
};

/// What became of a chunk. The values of the items that did not throw, in order.
template <class Result>
struct chunk_results {
  std::vector<Result> values;
  std::vector<item_failure> failures;
  std::int64_t nanoseconds = 0;  ///< that it took
};

/// Throws what an item failed with.
[[noreturn]] void throw_at(const failure& what, const std::string& worker, std::size_t index);

/// What stands for the result of a function that returns nothing.
using no_result = std::uint8_t;

template <class Result>
using kept_result = std::conditional_t<std::is_void_v<Result>, no_result, Result>;

/// Runs whatever it is asked to: it knows every task that the program's call sites name.
class pool_worker {
 public:
  template <class Task, class Item>
  chunk_results<kept_result<task_result<Task, Item>>> run_chunk(std::vector<Item> items, bool until_failure) {
    using result = task_result<Task, Item>;
    const auto began = std::chrono::steady_clock::now();
    chunk_results<kept_result<result>> made;
    made.values.reserve(items.size());
    for (std::size_t place = 0; place < items.size(); ++place) {
      try {
        Item item = std::move(items[place]);
        if constexpr (std::is_void_v<result>) {
          call_task<Task>(item);
          made.values.push_back(no_result{});
        } else {
          made.values.push_back(call_task<Task>(item));
        }
      } catch (...) {
        made.failures.push_back({place, failure{std::current_exception()}});
        if (until_failure) break;
      }
    }
    made.nanoseconds = (std::chrono::steady_clock::now() - began).count();
    return made;
  }

  /// What comes first. Where it fails, nothing that is behind it is begun.
  template <class Task, class... Value>
  void initialize(std::tuple<Value...> values) {
    try {
      std::apply([](auto&... value) { (void)call_task<Task>(value...); }, values);
    } catch (...) {
      this_actor::stop();
      throw;
    }
  }

  template <class Task, class... Value>
  task_result<Task, Value...> run_one(std::tuple<Value...> values) {
    return std::apply([](auto&... value) -> task_result<Task, Value...> { return call_task<Task>(value...); },
                      values);
  }
};

/// The items of a chunk as one call, for those that are submitted.
template <class Task, class Item>
struct chunk_task {
  struct signature {
    static constexpr bool known = true;
    using parameters = std::tuple<std::vector<Item>>;
  };
  static constexpr bool is_sendable = true;
  static auto call(std::vector<Item>&& items) {
    return pool_worker{}.run_chunk<Task, Item>(std::move(items), true);
  }
  template <class... Arguments>
  static constexpr bool takes = true;
};

}  // namespace troupe::detail
