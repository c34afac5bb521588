#include <troupe/detail/pool_crew.hpp>
#include <troupe/pool.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace troupe::detail {

pool_crew::pool_crew(actor_system& system, std::string name, std::size_t workers)
    : system_{system}, name_{std::move(name)} {
  try {
    for (std::size_t place = 0; place < workers; ++place) {
      auto worker = start(place);
      seats_.emplace_back().worker = std::move(worker);
    }
  } catch (...) {
    end(std::chrono::milliseconds{0});
    throw;
  }
}

pool_actor pool_crew::start(std::size_t place) const {
  return system_.spawn<pool_worker>({.name = name_ + "-" + std::to_string(place + 1)});
}

pool_actor pool_crew::at(std::size_t place) const {
  const std::lock_guard lock{mutex_};
  return seats_[place].worker;
}

pool_actor pool_crew::replace(std::size_t place, const pool_actor& dead) {
  std::unique_lock lock{mutex_};
  started_.wait(lock, [&] { return !seats_[place].starting; });
  return seats_[place].worker == dead ? restart(place, lock) : seats_[place].worker;
}

std::optional<pool_actor> pool_crew::try_replace(std::size_t place, const pool_actor& dead,
                                                 std::function<void()> later) {
  std::unique_lock lock{mutex_};
  auto& here = seats_[place];
  if (here.starting) {
    here.later.push_back(std::move(later));
    return std::nullopt;
  }
  return here.worker == dead ? restart(place, lock) : here.worker;
}

pool_actor pool_crew::restart(std::size_t place, std::unique_lock<std::mutex>& lock) {
  if (ended_) throw pool_closed{"the pool '" + name_ + "' is gone, and its worker too"};
  auto& here = seats_[place];
  const auto dead = here.worker;
  here.starting = true;
  lock.unlock();
  std::optional<pool_actor> fresh;
  std::exception_ptr problem;
  try {
    (void)dead.is_alive();  // throws where the system has ended: it may not be touched any more
    fresh = start(place);
  } catch (...) {
    problem = std::current_exception();
  }
  lock.lock();
  here.starting = false;
  if (fresh) here.worker = *fresh;
  const auto due = std::exchange(here.later, {});
  lock.unlock();
  started_.notify_all();
  for (const auto& run : due) run();
  if (problem) std::rethrow_exception(problem);
  return *fresh;
}

std::vector<process> pool_crew::roll_call() {
  std::vector<process> present;
  for (std::size_t place = 0; place < size(); ++place) {
    const auto worker = at(place);
    present.push_back(worker.is_alive() ? worker : replace(place, worker));
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
  std::unique_lock lock{mutex_};
  closed_ = ended_ = true;
  started_.wait(lock, [this] {
    return std::none_of(seats_.begin(), seats_.end(), [](const seat& each) { return each.starting; });
  });
  std::vector<pool_actor> all;
  for (const auto& each : seats_) all.push_back(each.worker);
  lock.unlock();
  try {
    for (const auto& worker : all) worker.stop();
    const auto until = std::chrono::steady_clock::now() + grace;
    for (const auto& worker : all) {
      if (!worker.join_for(until - std::chrono::steady_clock::now())) worker.kill();
    }
    for (const auto& worker : all) worker.join();
  } catch (const error&) {
    // The system is gone and its processes with it, or this one has been asked to stop: then it ends its own.
  }
}

}  // namespace troupe::detail
