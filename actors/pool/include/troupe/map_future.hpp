// The results of map_async.
#pragma once

#include <troupe/detail/pool_calls.hpp>
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
  using part = detail::async_part<kept>;

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
    const auto parts = std::exchange(parts_, {});
    const auto settled = std::exchange(settled_, {});
    is_valid_ = false;
    if constexpr (std::is_void_v<T>) {
      (void)collect(parts, settled);
    } else {
      return collect(parts, settled);
    }
  }
  value_type result() { return get(); }
  value_type result(std::chrono::nanoseconds patience) { return get(patience); }

  /// Waits up to `patience`; true once `get` would not wait. Zero or less looks without waiting.
  [[nodiscard]] bool wait_for(std::chrono::nanoseconds patience) const {
    check_valid();
    return wait_all(settled_, patience);
  }
  [[nodiscard]] bool ready() const { return wait_for(std::chrono::nanoseconds{0}); }
  [[nodiscard]] bool done() const { return ready(); }
  [[nodiscard]] bool valid() const { return is_valid_; }

  /// Gives all of it up that is not done, as `future::cancel` of each part: `get` throws `cancelled`.
  void cancel() {
    check_valid();
    for (auto& each : settled_) each.cancel();
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
    auto settled = std::exchange(settled_, {});
    const auto count = settled.size();
    auto what = std::shared_ptr<continuation>(
        new continuation{std::move(*this), std::move(callback), {count == 0 ? 1 : count}});
    is_valid_ = false;
    what->all.settled_.resize(count);
    const auto arrived = [what] {
      if (what->left.fetch_sub(1) == 1) what->callback(std::move(what->all));
    };
    if (count == 0) arrived();
    for (std::size_t place = 0; place < count; ++place) {
      settled[place].then([what, arrived, place](future<void>&& ready) {
        what->all.settled_[place] = std::move(ready);
        arrived();
      });
    }
  }

  /// Of the pool's: there will be results; `next` has those behind what has been added before.
  static map_future to_come() {
    map_future all;
    all.is_valid_ = true;
    return all;
  }
  void add(std::shared_ptr<part> next) {
    settled_.push_back(next->settled());
    parts_.push_back(std::move(next));
  }

 private:
  void check_valid() const {
    if (!is_valid_)
      throw std::logic_error{
          "troupe::map_future: no results to take: they were taken already, or nothing was asked"};
  }

  static std::vector<kept> collect(const std::vector<std::shared_ptr<part>>& parts,
                                   const std::vector<future<void>>& settled) {
    std::vector<kept> all;
    for (std::size_t place = 0; place < parts.size(); ++place) {
      auto& each = *parts[place];
      check_done(settled[place], each.first());
      if (!each.problems().empty())
        detail::throw_at(each.problems().front().what, each.first() + each.problems().front().place);
      all.insert(all.end(), std::make_move_iterator(each.values().begin()),
                 std::make_move_iterator(each.values().end()));
    }
    return all;
  }
  static void check_done(const future<void>& settled, std::size_t first) {
    const auto problem = settled.exception();
    try {
      std::rethrow_exception(problem);
    } catch (const detail::items_are_done&) {
      return;
    } catch (...) {
    }
    detail::throw_at(problem, first);
  }

  std::vector<std::shared_ptr<part>> parts_;
  std::vector<future<void>> settled_;  // one for each part
  bool is_valid_ = false;
};

}  // namespace troupe
