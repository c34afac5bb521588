// The workers of one pool.
#pragma once

#include <troupe/actor_system.hpp>
#include <troupe/detail/pool_worker.hpp>
#include <troupe/map_options.hpp>
#include <troupe/pool_initializer.hpp>
#include <troupe/quarantined.hpp>
#include <troupe/relay.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::detail {

using pool_actor = actor<pool_worker>;

/// How much an item may cost.
struct pool_rules {
  std::size_t max_attempts = 3;
  std::chrono::nanoseconds deadline{};        ///< for each attempt; 0: none
  std::chrono::nanoseconds queue_deadline{};  ///< of what is submitted; 0: none
};
/// Those of a map. Throws `std::invalid_argument`.
[[nodiscard]] pool_rules rules_of(const map_options& given, const pool_rules& otherwise);
/// Whether that worker's end was that of its item's deadline.
[[nodiscard]] bool has_exceeded(const pool_remains& remains, const actor_down& down, const pool_rules& rules);

/// What all workers of a pool have in common.
struct crew_options {
  std::string name;
  std::size_t workers = 1;
  std::vector<placement> nodes{};      ///< of the workers, in turn; empty: here
  std::size_t max_tasks = 0;           ///< that a worker is given; 0: any number
  std::chrono::nanoseconds max_age{};  ///< of a worker; 0: any
  std::size_t max_memory = 0;          ///< of a worker, resident after an order; 0: any
  pool_initializer initializer{};
  pool_rules rules{};
  std::size_t memory_limit = 0;  ///< of private data, for each worker; 0: none
};

/// A worker's process, and what it shares with the pool. Names it for who does not employ it any more.
struct pool_post {
  pool_actor actor;
  int pid = 0;
  pool_log log;  ///< none of a worker on another node
  /// Ticket up to which its orders were recalled: what its log says of that it may have written itself.
  std::shared_ptr<std::atomic<std::uint64_t>> recalled = std::make_shared<std::atomic<std::uint64_t>>(0);

  [[nodiscard]] bool is_here() const { return static_cast<bool>(log); }
};

/// Something that has been sent to a worker: what is needed to find out what a death has left of it.
struct pool_sending {
  std::shared_ptr<const pool_post> to;
  pool_order order;

  [[nodiscard]] bool is_recalled() const { return *to->recalled >= order.ticket; }
};

/// One worker, from its start until nobody sends to it any more: then, where another has taken its seat, it is asked to
/// stop, which it does after what it has been sent. So a worker that has done its share fails nobody.
class pool_employee {
 public:
  pool_employee(pool_post worker, future<void> initialized);
  ~pool_employee();
  pool_employee(const pool_employee&) = delete;
  pool_employee& operator=(const pool_employee&) = delete;

  /// Why it is of no use, where its initializer has failed; does not wait.
  [[nodiscard]] std::exception_ptr unfit() const;
  /// Has the answer of its initializer taken in when it comes, though nobody waits for it. Once.
  void follow_initialization();
  /// Whether its initializer has ended well, or there is none; does not wait. False where the answer has not been taken in.
  [[nodiscard]] bool is_fit() const;
  /// As `unfit`, once the initializer has ended. Throws `system_stopped`, `stop_requested`.
  [[nodiscard]] std::exception_ptr wait_until_fit() const;

  const std::shared_ptr<const pool_post> post;
  const pool_actor& actor;
  std::size_t tasks = 0;  ///< that it has been given; the crew's, as the next
  bool is_retired = false;
  const std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();

 private:
  mutable std::mutex mutex_;  // a future is for one thread at a time
  future<void> initialized_;
  std::optional<awaited> initialization_;
};

/// A worker on whom somebody counts: it takes what is sent to it while this lives.
using engagement = std::shared_ptr<const pool_employee>;

/// As many seats as the pool has workers; a worker that has died is replaced when somebody finds it dead, one that has had
/// its share of tasks by a successor that is started ahead. Shared by the pool and by what it has in hand. Threads: any.
class pool_crew {
 public:
  /// Whether a task is to be sent again that has been sent in vain so often, the last time to a worker that died first, as it
  /// says. Workers that die whatever they do are no reason to go on for ever; that somebody kills them (SIGKILL) says nothing
  /// about them, and only many in a row are.
  [[nodiscard]] static bool may_try_again(int in_vain, const actor_down& down);

  /// Starts the workers and waits for their initializers. Throws `start_failed`, `system_stopped`; then none is left.
  pool_crew(actor_system& system, crew_options options);
  pool_crew(const pool_crew&) = delete;
  pool_crew& operator=(const pool_crew&) = delete;

  [[nodiscard]] std::size_t size() const { return options_.workers; }
  [[nodiscard]] std::size_t max_tasks() const { return options_.max_tasks; }
  [[nodiscard]] const std::string& name() const { return options_.name; }
  [[nodiscard]] const pool_rules& rules() const { return options_.rules; }
  [[nodiscard]] pool_actor at(std::size_t place) const;
  /// The worker of a seat, for so many tasks: a new one where the last has had enough, or is `dead`, unless another thread
  /// has replaced that already; where one is at it, waits for that. Throws `start_failed`, `system_stopped`, and
  /// `pool_closed` once the pool is gone.
  engagement engage(std::size_t place, std::size_t tasks, const pool_actor* dead = nullptr);
  /// As above, but where another thread is at it, returns null at once; that thread calls `later` when it is done.
  engagement try_engage(std::size_t place, std::size_t tasks, const pool_actor* dead,
                        std::function<void()> later);
  /// What goes with the items that are sent to a worker.
  [[nodiscard]] pool_sending order(const pool_employee& worker, std::uint32_t attempt, bool until_failure,
                                   const pool_rules& rules, bool in_parts = false);
  /// Of the tasks that the worker of that seat was engaged for it was not given so many.
  void was_not_given(std::size_t place, const pool_post& worker, std::size_t tasks);
  /// After something has been sent to that worker: starts its successor, where that was its last.
  void prepare_successor(std::size_t place);
  /// Why that worker was of no use to anybody, where its initializer has failed: `start_failed`.
  [[nodiscard]] std::exception_ptr unfit(const pool_actor& worker) const;
  /// The workers now, each of them alive a moment ago.
  std::vector<process> roll_call();

  void close();
  [[nodiscard]] bool is_closed() const;
  /// Whether its workers are being ended: nothing is begun again.
  [[nodiscard]] bool is_ended() const;
  /// Throws `pool_closed`.
  void check_open() const;
  /// A map is under way in this thread, until what this returns goes.
  [[nodiscard]] std::shared_ptr<void> begin_map();
  /// Waits until no other thread has a map under way; false after `patience`.
  bool wait_for_maps(std::chrono::nanoseconds patience);
  /// No worker is started any more, and all that there are are killed.
  void kill();
  /// No worker is started any more. Asks all to stop, and kills those that have not ended within `grace`; nullopt: waits.
  /// Returns how many it had to kill.
  std::size_t end(std::optional<std::chrono::nanoseconds> grace);

 private:
  struct seat {
    std::shared_ptr<pool_employee> worker;
    std::shared_ptr<pool_employee> successor;
    bool starting = false;  // by some thread, without the mutex: others may have to do what that waits for
    std::vector<std::function<void()>> later;
  };
  struct unfit_worker {
    pool_actor worker;
    std::exception_ptr why;
  };

  [[nodiscard]] std::shared_ptr<pool_employee> start(std::size_t place) const;
  [[nodiscard]] pool_post hire(std::size_t place) const;
  [[nodiscard]] std::exception_ptr to_start_failed(const pool_actor& worker,
                                                   const std::exception_ptr& why) const;
  engagement engage(std::size_t place, std::size_t tasks, const pool_actor* dead,
                    std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool has_had_enough(const pool_employee& worker, std::size_t tasks) const;
  [[nodiscard]] bool is_worn(const pool_employee& worker) const;
  [[nodiscard]] bool is_relieved(seat& here) const;
  void start_successor(std::size_t place, std::unique_lock<std::mutex>& lock);
  static void call_later(seat& here, std::unique_lock<std::mutex>& lock);
  void forget_ended();
  void retire(const std::shared_ptr<pool_employee>& worker);
  void bury(const std::shared_ptr<pool_employee>& worker);
  std::vector<pool_actor> everyone(std::unique_lock<std::mutex>& lock);

  actor_system& system_;  // not used any more once the pool is gone
  crew_options options_;
  mutable std::mutex mutex_;  // of everything below
  std::condition_variable changed_;
  std::vector<seat> seats_;
  std::vector<pool_actor> retired_;  // that may not have ended yet
  std::deque<unfit_worker> unfit_;   // those that died of it lately
  std::atomic<std::uint64_t> orders_ = 0;
  std::size_t maps_ = 0;
  bool closed_ = false;
  bool ended_ = false;
};

}  // namespace troupe::detail
