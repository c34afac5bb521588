// Waiting for several answers, in the manner of concurrent.futures.
#pragma once

#include <troupe/future.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

namespace detail {

template <class T>
inline constexpr bool is_future = false;
template <class T>
inline constexpr bool is_future<future<T>> = true;

/// Answers in the order in which they come. Not thread-safe.
class arrivals {
 public:
  void add(std::shared_ptr<pending_reply> reply, std::size_t index);
  /// Waits for the next answer and returns its index; nullopt at the deadline, or where no answer is left.
  std::optional<std::size_t> next(deadline until);
  [[nodiscard]] bool empty() const { return left_.empty() && ready_.empty(); }

 private:
  struct entry {
    std::shared_ptr<pending_reply> reply;
    std::size_t index;
  };
  void collect();
  std::vector<entry> left_;
  std::vector<std::size_t> ready_;  // the next one last
};

template <class Futures>
using future_in = std::remove_cvref_t<decltype(*std::begin(std::declval<Futures&>()))>;

/// Those of `futures` that are valid.
template <class Futures>
arrivals arrivals_of(Futures& futures) {
  static_assert(is_future<future_in<Futures>>,
                "troupe: only futures can be waited for: pass a container of troupe::future<T>");
  arrivals all;
  std::size_t index = 0;
  for (const auto& each : futures) {
    if (const auto& reply = future_access::pending(each)) all.add(reply, index);
    ++index;
  }
  return all;
}

}  // namespace detail

/// Waits until one of `futures` (a container of `future<T>`) is ready and returns its index: the first in the container
/// where several are. Futures that are not valid, such as those whose answer was taken, are passed over; nullopt where no
/// other is left, or `patience` is over. Whatever actors and systems the answers come from, the calling thread reads them
/// all; a wait that ends without an answer leaves the futures as they were.
///
/// Threads: the futures are the caller's meanwhile. Throws `stop_requested` in a function that has been asked to stop, and
/// `std::system_error` where no descriptor is left that another thread could wake this one with.
template <class Futures>
[[nodiscard]] std::optional<std::size_t> wait_any(
    const Futures& futures, std::chrono::nanoseconds patience = std::chrono::nanoseconds::max()) {
  return detail::arrivals_of(futures).next(detail::deadline_in(patience));
}

/// As above, for futures of different types: the index counts from 0. It names the first that is ready, so whoever comes back
/// for more puts first what must not be kept waiting.
///
///     auto items = queue.readable();
///     auto end = worker.ended();
///     while (troupe::wait_any(items, end) == 0) ...
///
/// With a `patience` in front, nullopt where that is over.
template <class First, class Second, class... More>
[[nodiscard]] std::optional<std::size_t> wait_any(std::chrono::nanoseconds patience,
                                                  const future<First>& first, const future<Second>& second,
                                                  const future<More>&... more) {
  detail::arrivals all;
  std::size_t index = 0;
  const auto add = [&](const std::shared_ptr<detail::pending_reply>& reply) {
    if (reply) all.add(reply, index);
    ++index;
  };
  add(detail::future_access::pending(first));
  add(detail::future_access::pending(second));
  (add(detail::future_access::pending(more)), ...);
  return all.next(detail::deadline_in(patience));
}
template <class First, class Second, class... More>
[[nodiscard]] std::optional<std::size_t> wait_any(const future<First>& first, const future<Second>& second,
                                                  const future<More>&... more) {
  return wait_any(std::chrono::nanoseconds::max(), first, second, more...);
}

/// Waits until all of `futures` are ready; false where `patience` was over before. True at once where there is nothing to
/// wait for. As `wait_any` in everything else.
template <class Futures>
bool wait_all(const Futures& futures, std::chrono::nanoseconds patience = std::chrono::nanoseconds::max()) {
  auto left = detail::arrivals_of(futures);
  const auto until = detail::deadline_in(patience);
  while (left.next(until)) {
  }
  return left.empty();
}

/// When `wait` returns.
enum class return_when : std::uint8_t {
  first_completed,  ///< one is ready
  first_exception,  ///< one is ready and has no value, or all are
  all_completed,
};
using enum return_when;

/// Which futures of a container were ready when a `wait` ended, by their indexes.
struct wait_result {
  std::vector<std::size_t> done;
  std::vector<std::size_t> not_done;
};

/// Waits until the futures are as `until` says, or `patience` is over, and tells which are ready. Takes no answer. Futures
/// that are not valid are in neither list. As `wait_any` in everything else.
template <class Futures>
wait_result wait(const Futures& futures, return_when until = all_completed,
                 std::chrono::nanoseconds patience = std::chrono::nanoseconds::max()) {
  auto left = detail::arrivals_of(futures);
  std::vector<const detail::future_in<const Futures>*> all;
  for (const auto& each : futures) all.push_back(&each);
  const auto deadline = detail::deadline_in(patience);
  while (const auto index = left.next(deadline)) {
    if (until == first_completed || (until == first_exception && all[*index]->exception())) break;
  }
  wait_result found;
  for (std::size_t index = 0; index < all.size(); ++index) {
    if (const auto& reply = detail::future_access::pending(*all[index]))
      (reply->settled() ? found.done : found.not_done).push_back(index);
  }
  return found;
}

/// The futures of a container as they become ready: a range for one loop, over references into the container.
template <class Futures>
class as_completed_range {
 public:
  as_completed_range(Futures& futures, detail::deadline until)
      : left_{detail::arrivals_of(futures)}, until_{until} {
    for (auto& each : futures) all_.push_back(&each);
  }

  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = detail::future_in<Futures>;
    using difference_type = std::ptrdiff_t;
    using pointer = value_type*;
    using reference = value_type&;

    iterator() = default;
    explicit iterator(as_completed_range* of) : of_{of}, now_{of->next()} {}
    reference operator*() const { return *now_; }
    pointer operator->() const { return now_; }
    iterator& operator++() {
      now_ = of_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& a, const iterator& b) { return a.now_ == b.now_; }

   private:
    as_completed_range* of_ = nullptr;
    pointer now_ = nullptr;  // null at the end
  };

  iterator begin() { return iterator{this}; }
  iterator end() { return {}; }

 private:
  detail::future_in<Futures>* next() {
    for (;;) {
      const auto index = left_.next(until_);
      if (!index) {
        if (left_.empty()) return nullptr;
        throw timeout{"not all answers came in time; the calls go on, and can be waited for again"};
      }
      if (all_[*index]->valid()) return all_[*index];  // else it was taken meanwhile
    }
  }

  detail::arrivals left_;
  detail::deadline until_;
  std::vector<detail::future_in<Futures>*> all_;
};

/// Goes through `futures` in the order in which they become ready:
///
///     for (auto& done : troupe::as_completed(futures)) use(done.get());
///
/// Each valid future comes once; an error is its `get`'s. With a `patience`, which counts for the whole loop from here on,
/// the loop throws `timeout` where it is over; the futures that have not come are valid still. The container must outlive
/// the loop and not be changed in it, but for taking the answers. Waits and throws as `wait_any` does.
template <class Futures>
[[nodiscard]] as_completed_range<std::remove_reference_t<Futures>> as_completed(
    Futures&& futures, std::chrono::nanoseconds patience = std::chrono::nanoseconds::max()) {
  static_assert(std::is_lvalue_reference_v<Futures>,
                "troupe: as_completed refers to the container, which must outlive the loop: give it a name");
  return {futures, detail::deadline_in(patience)};
}

}  // namespace troupe
