// The results of map_async.
#pragma once

#include <troupe/detail/pool_worker.hpp>
#include <troupe/errors.hpp>
#include <troupe/failed_at.hpp>
#include <troupe/future.hpp>
#include <troupe/wait.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

/// The results of all items of one `pool::map_async`, now or later, with the members of a future. It gets on whether
/// anybody waits or not.
///
/// Dropping it abandons the results, not the work. Move-only; the results are taken once. Threads: one at a time.
/// Processes: the pool's.
template <class T>
class map_future {
  using kept = detail::kept_result<T>;
  using results = detail::chunk_results<kept>;

 public:
  /// What `get` returns: the results in the order of the items; nothing for a function that returns nothing.
  using value_type = std::conditional_t<std::is_void_v<T>, void, std::vector<kept>>;

  map_future() = default;

  /// Waits for all and takes the results. Throws what the first item that failed threw, with `failed_at` as a part, once
  /// all others have ended; `pool_closed`, `cancelled`, `system_stopped`, `stop_requested`; `std::logic_error` where there
  /// is nothing to take.
  value_type get() { return get(std::chrono::nanoseconds::max()); }
  /// As `get`, but throws `timeout` after `patience`; it can then be asked again.
  value_type get(std::chrono::nanoseconds patience) {
    if (!wait_for(patience))
      throw timeout{"not all results came in time; the work goes on, and can be waited for again"};
    auto parts = std::exchange(parts_, {});
    is_valid_ = false;
    if constexpr (std::is_void_v<T>) {
      (void)collect(parts);
    } else {
      return collect(parts);
    }
  }
  value_type result() { return get(); }
  value_type result(std::chrono::nanoseconds patience) { return get(patience); }

  /// Waits up to `patience`; true once `get` would not wait. Zero or less looks without waiting.
  [[nodiscard]] bool wait_for(std::chrono::nanoseconds patience) const {
    check_valid();
    return wait_all(parts_, patience);
  }
  [[nodiscard]] bool ready() const { return wait_for(std::chrono::nanoseconds{0}); }
  [[nodiscard]] bool done() const { return ready(); }
  [[nodiscard]] bool valid() const { return is_valid_; }

  /// Gives all of it up that is not done, as `future::cancel` of each part: `get` throws `cancelled`.
  void cancel() {
    check_valid();
    for (auto& each : parts_) each.cancel();
  }

  /// Has `callback` called with this future once it is ready, as `future::then`. This one is empty afterwards.
  template <class Callback>
  void then(Callback callback) {
    static_assert(std::is_invocable_v<Callback&, map_future<T>>,
                  "troupe: the callback of then takes the ready future: [](troupe::map_future<T> all) {...}");
    check_valid();
    struct continuation {
      map_future all;
      Callback callback;
      std::atomic<std::size_t> left;
    };
    auto parts = std::exchange(parts_, {});
    const auto count = parts.size();
    auto what = std::shared_ptr<continuation>(
        new continuation{std::move(*this), std::move(callback), {count == 0 ? 1 : count}});
    is_valid_ = false;
    what->all.parts_.resize(count);
    const auto arrived = [what] {
      if (what->left.fetch_sub(1) == 1) what->callback(std::move(what->all));
    };
    if (count == 0) arrived();
    for (std::size_t place = 0; place < count; ++place) {
      parts[place].then([what, arrived, place](future<results> ready) {
        what->all.parts_[place] = std::move(ready);
        arrived();
      });
    }
  }

  /// Of the pool of that name: it will have results.
  explicit map_future(std::string pool) : pool_{std::move(pool)}, is_valid_{true} {}
  /// `part` has the results of the next `count` items.
  void add(future<results> part, std::size_t count) {
    parts_.push_back(std::move(part));
    counts_.push_back(count);
  }

 private:
  void check_valid() const {
    if (!is_valid_)
      throw std::logic_error{
          "troupe::map_future: no results to take: they were taken already, or nothing was asked"};
  }

  std::vector<kept> collect(std::vector<future<results>>& parts) {
    std::vector<kept> all;
    std::size_t first = 0;
    for (std::size_t place = 0; place < parts.size(); first += counts_[place++]) {
      auto made = take(parts[place], first);
      if (!made.failures.empty())
        detail::throw_at(made.failures.front().what, pool_,
                         first + static_cast<std::size_t>(made.failures.front().place));
      if (made.values.size() != counts_[place])
        throw malformed_message{"a worker answered with another number of results than items"};
      all.insert(all.end(), std::make_move_iterator(made.values.begin()),
                 std::make_move_iterator(made.values.end()));
    }
    return all;
  }
  static results take(future<results>& part, std::size_t first) {
    std::exception_ptr problem;
    try {
      return part.get();
    } catch (...) {
      problem = std::current_exception();
    }
    detail::throw_at(problem, first);
  }

  std::string pool_;
  std::vector<future<results>> parts_;
  std::vector<std::size_t> counts_;
  bool is_valid_ = false;
};

}  // namespace troupe
