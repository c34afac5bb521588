// A pool of worker processes.
#pragma once

#include <troupe/actor_system.hpp>
#include <troupe/detail/pool_crew.hpp>
#include <troupe/detail/pool_desk.hpp>
#include <troupe/detail/pool_stream.hpp>
#include <troupe/detail/pool_task.hpp>
#include <troupe/errors.hpp>
#include <troupe/failed_at.hpp>
#include <troupe/future.hpp>
#include <troupe/map_future.hpp>
#include <troupe/map_options.hpp>
#include <troupe/outcome.hpp>
#include <troupe/pool_ending.hpp>
#include <troupe/pool_initializer.hpp>
#include <troupe/pool_results.hpp>
#include <troupe/quarantined.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <ranges>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

/// The pool takes no new work.
class pool_closed : public error {
 public:
  using error::error;
};

struct pool_options {
  detail::not_from_braces only_named{};

  std::size_t workers = 0;    ///< processes; 0: one for each CPU that may be used
  std::string name = "pool";  ///< of the workers too: "pool-1", "pool-2", ...

  /// Where the workers are, each at the next of these places: `cluster_node::places`. Empty: here. `workers` 0 is then one for
  /// each. What a place's node, being down, cannot have, the next place has, and this system where all are. Of a worker on
  /// another node nobody knows how far it had come when it died: each item of its chunk counts as begun, `deadline` is a
  /// death like any other, and `max_memory_per_worker` is not looked at.
  std::vector<placement> nodes{};

  /// What each worker runs first: `initialize_by<f>(arguments...)`. Where it throws or ends the process, the pool's
  /// constructor throws `start_failed`, stage "initializer", with the reason, and so does what needs a new worker later:
  /// each use tries once.
  pool_initializer initializer{};

  /// Calls that a worker makes before a new one takes its place, started and initialized while it makes the last; 0: any
  /// number. Nothing waits for that, and nothing fails. Chunks are not split: one of more items is a worker's only one.
  std::size_t max_tasks_per_worker = 0;

  /// How old a worker may be, and how many bytes of memory it may have resident after a call, before a new one takes its place; 0: any. The
  /// worker goes on until its successor has been started and initialized: nothing waits for that, and nothing fails. Looked at whenever it
  /// is given something.
  std::chrono::nanoseconds max_age_per_worker{};
  std::size_t max_memory_per_worker = 0;

  /// How often an item, or a submitted call, may be begun: where its worker dies while it runs, it is started again in
  /// another, once the dead one has been reaped; after the last attempt it fails, as `quarantined`. 1: never again, for
  /// what must not be begun twice. What throws, is cancelled, or takes too long is not tried again.
  std::size_t max_attempts = 3;

  /// How long an item or a call may run, from its own start on; 0: for ever. Then the kernel kills its worker, whatever that
  /// is doing, and it fails, as `deadline_exceeded`.
  std::chrono::nanoseconds deadline{};

  /// How long what is submitted (`submit`, `map_async`) may wait for a worker, from its submission on; 0: for ever. What
  /// waits longer never begins, and fails, as `queue_deadline_exceeded`, at the latest where a worker would have come to it.
  std::chrono::nanoseconds queue_deadline{};

  /// Bytes of private, writable memory that each worker may have (`resource_limits::private_data`); 0: as the host. What an
  /// item wants beyond is `std::bad_alloc`: it fails, and is not tried again.
  std::size_t memory_limit = 0;

  /// How long the destructor waits for what is running, before it kills the workers: a short task has a chance, an endless
  /// one does not hold up the program.
  std::chrono::milliseconds grace = std::chrono::seconds{2};
};

/// A number of worker processes that run functions for whoever calls; one pool runs any of the program's functions.
///
///     troupe::pool pool{system, {.workers = 4}};
///     std::vector<long> sums = pool.map<sum_of_squares>(sizes);
///     std::vector<int> squares = pool.map([](int x) { return x * x; }, numbers);
///     for (long sum : pool.imap<sum_of_squares>(sizes)) ...
///
/// A function is named as a template argument; a lambda without captures may be an argument instead. Parameters and results
/// are messages; parameters are values, const& or &&. Items are taken from any input range, in the calling thread, no more
/// of them than can be worked on (see `map_options`).
///
/// What a function throws reaches the caller as its own type where that is a standard one, else as `remote_exception`, with
/// `failed_at` as a part, which has the item's index. A worker that dies costs the item that it was running, at most: what it had
/// finished is kept, that one is begun again in another worker (`max_attempts`), and so is what had not begun. Where it has
/// no attempt left, it fails as `quarantined`, and the others go on. A new worker takes the dead one's place.
///
/// ## Ending
/// `close()` refuses new work; what has been begun goes on, and `join()` waits for it. `terminate()` ends all at once;
/// `drain()` gives back what has not begun. The destructor stops the workers, which first finish what they
/// have been sent, kills those that have not ended within the grace, and joins them all. The system must outlive the pool.
///
/// Threads: all members may be called from any thread, but for the destructor; calls of several threads share the workers.
/// Processes: the one that made it, which may be an actor's.
class pool {
 public:
  /// Starts the workers and waits for their initializers. Throws `start_failed`, `system_stopped`; `std::invalid_argument`
  /// for more than 4096 workers, such as a negative number of them.
  explicit pool(actor_system& system, const pool_options& options = {});
  ~pool();
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;

  /// The results of the function for every item, in their order: a vector of them, or nothing for a function that returns
  /// nothing. Waits for all. If items fail, throws what the first of them threw, once nothing that was begun is running any
  /// more; later items may not have been tried, but where none has thrown, and some were given up (`quarantined`,
  /// `deadline_exceeded`): then all others have been done. What the range throws is thrown on. Throws `pool_closed`, `start_failed`,
  /// `timeout` (see `map_options`), `system_stopped`, `stop_requested`; `std::invalid_argument` for negative options.
  template <auto Function, class Items>
  auto map(Items&& items, const map_options& options = {}) {
    return map_task<detail::named_task<Function>>(std::forward<Items>(items), options);
  }
  template <class Lambda, class Items>
  auto map(const Lambda&, Items&& items, const map_options& options = {}) {
    return map_task<detail::lambda_task<Lambda>>(std::forward<Items>(items), options);
  }

  /// As `map`, for a function of several parameters: the items are `std::tuple`s or `std::pair`s of arguments.
  template <auto Function, class Items>
  auto starmap(Items&& items, const map_options& options = {}) {
    return starmap_task<detail::named_task<Function>>(std::forward<Items>(items), options);
  }
  template <class Lambda, class Items>
  auto starmap(const Lambda&, Items&& items, const map_options& options = {}) {
    return starmap_task<detail::lambda_task<Lambda>>(std::forward<Items>(items), options);
  }

  /// As `map`, but an item that fails costs only its own result: gives a vector of `outcome`s, each a result or an error,
  /// in the order of the items. Items travel one at a time where nothing else is chosen. Throws what the range throws, and as `map` where there can be no worker.
  template <auto Function, class Items>
  auto try_map(Items&& items, const map_options& options = {}) {
    return try_map_task<detail::named_task<Function>>(std::forward<Items>(items), options);
  }
  template <class Lambda, class Items>
  auto try_map(const Lambda&, Items&& items, const map_options& options = {}) {
    return try_map_task<detail::lambda_task<Lambda>>(std::forward<Items>(items), options);
  }

  /// As `map`, but returns at once, with a future of all results that gets on by itself. The range is taken at once and as
  /// a whole; of the options only `chunk_size` counts. Throws `pool_closed`, and what the range throws.
  template <auto Function, class Items>
  auto map_async(Items&& items, const map_options& options = {}) {
    return map_async_task<detail::named_task<Function>>(std::forward<Items>(items), options);
  }
  template <class Lambda, class Items>
  auto map_async(const Lambda&, Items&& items, const map_options& options = {}) {
    return map_async_task<detail::lambda_task<Lambda>>(std::forward<Items>(items), options);
  }

  /// The results one after another, in the order of the items: an input range that pulls an item only when there is a
  /// worker for it. It works while it is being waited on. Where an item has failed, reading its result throws what it
  /// failed with; the iterator can then be advanced past it. The range that is given by reference must outlive it. Throws
  /// `pool_closed`; and, where it is advanced, as `map` does.
  template <auto Function, class Items>
  auto imap(Items&& items, const map_options& options = {}) {
    return imap_task<detail::named_task<Function>>(std::forward<Items>(items), options, true);
  }
  template <class Lambda, class Items>
  auto imap(const Lambda&, Items&& items, const map_options& options = {}) {
    return imap_task<detail::lambda_task<Lambda>>(std::forward<Items>(items), options, true);
  }

  /// As `imap`, but each result as soon as there is one; those of one chunk stay in their order.
  template <auto Function, class Items>
  auto imap_unordered(Items&& items, const map_options& options = {}) {
    return imap_task<detail::named_task<Function>>(std::forward<Items>(items), options, false);
  }
  template <class Lambda, class Items>
  auto imap_unordered(const Lambda&, Items&& items, const map_options& options = {}) {
    return imap_task<detail::lambda_task<Lambda>>(std::forward<Items>(items), options, false);
  }

  /// Has a worker call the function with these arguments, which the pool keeps copies of; the answer is a future like that
  /// to an ask. Returns at once: where all workers are busy, the call waits in this process, and whichever is free first
  /// takes the next. Calls get on whether anybody waits for them or not. Throws `pool_closed`. The future ends in
  /// `quarantined`, an `actor_down`, if workers die while they run it and no attempt is left, in `pool_closed` if the pool is gone before that, and in
  /// `start_failed` where no worker can be had. Cancelling it works at any time: a call that has not begun is never begun,
  /// and one that runs is ended, by killing its worker, which is replaced; calls behind it go to others.
  template <auto Function, class... Arguments>
  auto submit(Arguments&&... arguments) {
    return submit_task<detail::named_task<Function>>(std::forward<Arguments>(arguments)...);
  }
  template <class Lambda, class... Arguments>
  auto submit(const Lambda&, Arguments&&... arguments) {
    return submit_task<detail::lambda_task<Lambda>>(std::forward<Arguments>(arguments)...);
  }

  /// Calls the function in a worker and waits for its result: `submit` and `get`.
  template <auto Function, class... Arguments>
  auto apply(Arguments&&... arguments) {
    return submit<Function>(std::forward<Arguments>(arguments)...).get();
  }
  template <class Lambda, class... Arguments>
  auto apply(const Lambda& lambda, Arguments&&... arguments) {
    return submit(lambda, std::forward<Arguments>(arguments)...).get();
  }

  /// Refuses new work from here on; returns at once, and may be called any number of times.
  void close();

  /// Waits until all calls have been made, those of maps in other threads too, and the workers have ended. `std::logic_error`
  /// where the pool has not been closed. May be called any number of times. Throws `stop_requested`.
  void join();

  /// Ends all at once: calls that have not begun end as `pool_closed`, those that run as `actor_down`, with their workers.
  /// Returns at once; `join` waits. Throws `system_stopped`.
  void terminate();

  /// `close`, and what the options say.
  void shutdown(const shutdown_options& options = {});

  /// `close`, and gives back the submitted calls that have not begun: their futures end as `pool_closed`, and so each call
  /// was made, or is in the report, or ended with an error, and never two of these. What runs has `patience` to end; then it is ended
  /// with its worker, as `actor_down`. The workers have ended when this returns. Throws `stop_requested`.
  drain_report drain(std::chrono::nanoseconds patience);

  /// The workers' processes, for display and for ending them. Those that have died are replaced first. Throws
  /// `start_failed`, `system_stopped`.
  [[nodiscard]] std::vector<process> workers();
  /// In a function that a pool's worker runs: which attempt at the item this is, from 1 on. Elsewhere 0.
  [[nodiscard]] static std::uint32_t attempt();
  /// How many there are.
  [[nodiscard]] std::size_t size() const { return crew_->size(); }
  [[nodiscard]] const std::string& name() const { return options_.name; }

 private:
  template <class Task, class View>
  static consteval bool check_items() {
    if constexpr (detail::check_task<Task, std::ranges::range_value_t<View>>()) {
      using item = detail::item_of<Task, View>;
      static_assert(std::is_constructible_v<item, std::ranges::range_reference_t<View>>,
                    "troupe: the range's items cannot be converted to the parameter of the pool's function");
      using result = detail::kept_result<detail::task_result<Task, item>>;
      static_assert(detail::is_message<result>(),
                    "troupe: the result of the pool's function is not a message type");
      return std::is_constructible_v<item, std::ranges::range_reference_t<View>> &&
             detail::is_message<result>();
    } else {
      return false;
    }
  }
  template <class Items>
  static consteval bool check_range() {
    static_assert(
        std::ranges::input_range<Items> && detail::can_be_taken<Items>,
        "troupe: a pool takes its items from a range: a container, a view, a generator with begin and end");
    return std::ranges::input_range<Items> && detail::can_be_taken<Items>;
  }

  template <class Task, class Items>
  auto map_task(Items&& items, const map_options& options) {
    if constexpr (check_range<Items>()) {
      using view = decltype(detail::view_of(std::forward<Items>(items)));
      if constexpr (check_items<Task, view>()) {
        crew_->check_open();
        using item = detail::item_of<Task, view>;
        detail::pool_mapping<Task, item, view> mapping{crew_, detail::view_of(std::forward<Items>(items)),
                                                       options};
        if constexpr (std::is_void_v<detail::task_result<Task, item>>) {
          mapping.run();
        } else {
          return mapping.run();
        }
      }
    }
  }

  template <class Task, class Items>
  auto starmap_task(Items&& items, const map_options& options) {
    if constexpr (check_range<Items>()) {
      if constexpr (detail::check_star_task<Task, std::ranges::range_value_t<Items>>())
        return map_task<detail::star_task<Task>>(std::forward<Items>(items), options);
    }
  }

  template <class Task, class Items>
  auto try_map_task(Items&& items, const map_options& options) {
    if constexpr (check_range<Items>()) {
      using view = decltype(detail::view_of(std::forward<Items>(items)));
      if constexpr (check_items<Task, view>()) {
        crew_->check_open();
        using item = detail::item_of<Task, view>;
        detail::pool_stream<Task, item, view> stream{crew_, detail::view_of(std::forward<Items>(items)),
                                                     one_at_a_time(options), true};
        return detail::outcomes_of<detail::task_result<Task, item>>(stream);
      }
    }
  }
  static map_options one_at_a_time(map_options options) {
    if (options.chunk_size == 0) options.chunk_size = 1;
    return options;
  }

  template <class Task, class Items>
  auto map_async_task(Items&& items, const map_options& options) {
    if constexpr (check_range<Items>()) {
      using view = decltype(detail::view_of(std::forward<Items>(items)));
      if constexpr (check_items<Task, view>()) {
        crew_->check_open();
        using item = detail::item_of<Task, view>;
        auto all = map_future<detail::task_result<Task, item>>::to_come();
        const auto rules = detail::rules_of(options, crew_->rules());
        detail::pool_feed<item, view> feed{detail::view_of(std::forward<Items>(items)),
                                           detail::checked(options).chunk_size, size(), crew_->max_tasks()};
        while (auto chunk = feed.next()) {
          auto part =
              std::make_shared<detail::submitted_chunk<Task, item>>(crew_, desk_, rules, std::move(*chunk));
          all.add(part);
          desk_->submit(std::move(part));
        }
        if (feed.problem()) std::rethrow_exception(feed.problem());
        return all;
      }
    }
  }

  template <class Task, class Items>
  auto imap_task(Items&& items, const map_options& options, bool ordered) {
    if constexpr (check_range<Items>()) {
      using view = decltype(detail::view_of(std::forward<Items>(items)));
      if constexpr (check_items<Task, view>()) {
        using item = detail::item_of<Task, view>;
        static_assert(!std::is_void_v<detail::task_result<Task, item>>,
                      "troupe: imap gives results, and this function has none: use map, or submit");
        crew_->check_open();
        using stream = detail::pool_stream<Task, item, view>;
        return pool_results<stream>{
            std::make_unique<stream>(crew_, detail::view_of(std::forward<Items>(items)), options, ordered)};
      }
    }
  }

  template <class Task, class... Arguments>
  auto submit_task(Arguments&&... arguments) {
    if constexpr (detail::check_task<Task, std::decay_t<Arguments>...>()) {
      using values = typename detail::task_values<Task, std::decay_t<Arguments>...>::type;
      if constexpr (detail::check_conversions<values, Arguments...>()) {
        crew_->check_open();
        auto call = make_call<Task>(std::type_identity<values>{}, std::forward<Arguments>(arguments)...);
        auto answer = call->get_future();
        desk_->submit(std::move(call));
        return answer;
      }
    }
  }
  template <class Task, class... Value, class... Arguments>
  auto make_call(std::type_identity<std::tuple<Value...>>, Arguments&&... arguments) {
    using result = detail::task_result<Task, Value...>;
    static_assert(std::is_void_v<result> || detail::is_message<detail::kept_result<result>>(),
                  "troupe: the result of the pool's function is not a message type");
    return std::make_shared<detail::submitted_call<Task, Value...>>(crew_, desk_,
                                                                    std::forward<Arguments>(arguments)...);
  }

  pool_options options_;
  std::shared_ptr<detail::pool_crew> crew_;
  std::shared_ptr<detail::pool_desk> desk_;
};

}  // namespace troupe
