#include <troupe/detail/pool_crew.hpp>
#include <troupe/pool.hpp>

#include <algorithm>
#include <utility>

namespace troupe::detail {

pool_crew::pool_crew(actor_system& system, std::string name, std::size_t workers)
    : system_{system}, name_{std::move(name)} {
  try {
    for (std::size_t seat = 0; seat < workers; ++seat) seats_.push_back(start(seat));
  } catch (...) {
    end(std::chrono::milliseconds{0});
    throw;
  }
}

pool_actor pool_crew::start(std::size_t seat) const {
  return system_.spawn<pool_worker>({.name = name_ + "-" + std::to_string(seat + 1)});
}

pool_actor pool_crew::at(std::size_t seat) const {
  const std::lock_guard lock{mutex_};
  return seats_[seat];
}

// Starting a process waits for the guardian with the mutex held: others who find a dead worker would start one too many.
pool_actor pool_crew::replace(std::size_t seat, const pool_actor& dead) {
  const std::lock_guard lock{mutex_};
  if (!(seats_[seat] == dead)) return seats_[seat];
  if (ended_) throw pool_closed{"the pool '" + name_ + "' is gone, and its worker too"};
  (void)dead.is_alive();  // throws where the system has ended: it may not be touched any more
  return seats_[seat] = start(seat);
}

std::vector<process> pool_crew::roll_call() {
  std::vector<process> present;
  for (std::size_t seat = 0; seat < size(); ++seat) {
    const auto worker = at(seat);
    present.push_back(worker.is_alive() ? worker : replace(seat, worker));
  }
  return present;
}

void pool_crew::close() {
  const std::lock_guard lock{mutex_};
  closed_ = true;
}

void pool_crew::check_open() const {
  const std::lock_guard lock{mutex_};
  if (closed_) throw pool_closed{"the pool '" + name_ + "' has been closed: it takes no new work"};
}

void pool_crew::end(std::chrono::milliseconds grace) {
  const std::lock_guard lock{mutex_};
  closed_ = ended_ = true;
  try {
    for (const auto& worker : seats_) worker.stop();
    const auto until = std::chrono::steady_clock::now() + grace;
    for (const auto& worker : seats_) {
      if (!worker.join_for(until - std::chrono::steady_clock::now())) worker.kill();
    }
    for (const auto& worker : seats_) worker.join();
  } catch (const error&) {
    // The system is gone and its processes with it, or this one has been asked to stop: then it ends its own.
  }
}

}  // namespace troupe::detail
