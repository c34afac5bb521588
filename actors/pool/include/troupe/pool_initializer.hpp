// What each worker of a pool does first.
#pragma once

#include <troupe/detail/pool_worker.hpp>
#include <troupe/future.hpp>

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe {

/// A function with its arguments that each worker of a pool runs before anything else: `initialize_by` makes it,
/// `pool_options::initializer` takes it. A value; empty: nothing.
class pool_initializer {
 public:
  using starter = std::function<future<void>(const actor<detail::pool_worker>& worker)>;

  pool_initializer() = default;
  explicit pool_initializer(starter run) : run_{std::move(run)} {}
  explicit operator bool() const { return static_cast<bool>(run_); }
  /// Of the pool: has a new worker run it.
  [[nodiscard]] future<void> start(const actor<detail::pool_worker>& worker) const { return run_(worker); }

 private:
  starter run_;
};

/// Each worker calls `Function(arguments...)` first, and is of no use where that throws. Arguments and parameters as for
/// `pool::submit`; a result is dropped.
///
///     troupe::pool pool{system, {.initializer = troupe::initialize_by<open_database>("path")}};
template <auto Function, class... Arguments>
pool_initializer initialize_by(Arguments&&... arguments) {
  using task = detail::named_task<Function>;
  if constexpr (detail::check_task<task, std::decay_t<Arguments>...>()) {
    using values = typename detail::task_values<task, std::decay_t<Arguments>...>::type;
    if constexpr (detail::check_conversions<values, Arguments...>()) {
      return pool_initializer{[given = values{std::forward<Arguments>(arguments)...}](
                                  const actor<detail::pool_worker>& worker) {
        return std::apply(
            [&]<class... Value>(const Value&...) {
              return worker.template ask<&detail::pool_worker::template initialize<task, Value...>>(given);
            },
            given);
      }};
    }
  }
}

}  // namespace troupe
