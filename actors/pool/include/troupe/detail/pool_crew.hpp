// The workers of one pool.
#pragma once

#include <troupe/actor_system.hpp>
#include <troupe/detail/pool_worker.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace troupe::detail {

using pool_actor = actor<pool_worker>;

/// As many seats as the pool has workers; a worker that has died is replaced when somebody finds it dead. Shared by the pool
/// and by what it has in hand. Threads: any.
class pool_crew {
 public:
  /// Starts the workers. Throws `start_failed`, `system_stopped`; then none is left.
  pool_crew(actor_system& system, std::string name, std::size_t workers);
  pool_crew(const pool_crew&) = delete;
  pool_crew& operator=(const pool_crew&) = delete;

  [[nodiscard]] std::size_t size() const { return seats_.size(); }
  [[nodiscard]] pool_actor at(std::size_t place) const;
  /// The worker of a seat where `dead` was found dead: a new one, unless another thread has replaced it already; where one
  /// is at it, waits for that. Throws `start_failed`, `system_stopped`, and `pool_closed` once the pool is gone.
  pool_actor replace(std::size_t place, const pool_actor& dead);
  /// As above, but where another thread is at it, returns nullopt at once; that thread calls `later` when it is done.
  std::optional<pool_actor> try_replace(std::size_t place, const pool_actor& dead,
                                        std::function<void()> later);
  /// The workers now, each of them alive a moment ago.
  std::vector<process> roll_call();

  void close();
  /// Throws `pool_closed`.
  void check_open() const;
  /// No worker is started any more. Asks all to stop, and kills those that have not ended within `grace`.
  void end(std::chrono::milliseconds grace);

 private:
  struct seat {
    pool_actor worker;
    bool starting = false;  // by some thread, without the mutex: others may have to do what that waits for
    std::vector<std::function<void()>> later;
  };

  [[nodiscard]] pool_actor start(std::size_t place) const;
  pool_actor restart(std::size_t place, std::unique_lock<std::mutex>& lock);

  actor_system& system_;  // not used any more once the pool is gone
  std::string name_;
  mutable std::mutex mutex_;  // of everything below
  std::condition_variable started_;
  std::vector<seat> seats_;
  bool closed_ = false;
  bool ended_ = false;
};

}  // namespace troupe::detail
