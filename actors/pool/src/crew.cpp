#include <troupe/detail/pool_crew.hpp>
#include <troupe/places.hpp>
#include <troupe/pool.hpp>
#include <troupe/switched_off.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace troupe::detail {

namespace {

constexpr std::size_t most_unfit = 64;  // remembered
constexpr int sigkill = 9;              // on every Linux

std::string text_of(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const std::exception& caught) {
    return caught.what();
  } catch (...) {
    return "an exception of an unknown type";
  }
}

bool is_killed(const exit_status& status) {
  return status.kind == exit_kind::signal && status.code == sigkill;
}

// Says nothing about the worker.
bool is_killed_or_cut_off(const exit_status& status) {
  return is_killed(status) || status.kind == exit_kind::node_down;
}

}  // namespace

// --- One worker -----------------------------------------------------------------------------------------------------------

pool_employee::pool_employee(pool_post worker, future<void> initialized)
    : post{std::make_shared<const pool_post>(std::move(worker))},
      actor{post->actor},
      initialized_{std::move(initialized)} {
  if (initialized_.valid()) initialization_.emplace(initialized_);
}

pool_employee::~pool_employee() {
  if (!is_retired) return;
  try {
    actor.stop();
  } catch (const error&) {
    // The system is gone, and the worker with it.
  }
}

std::exception_ptr pool_employee::unfit() const {
  if (!initialization_ || !initialization_->settled()) return nullptr;
  return wait_until_fit();
}

void pool_employee::follow_initialization() {
  if (initialization_) initialization_->when_settled([] {});
}

bool pool_employee::is_fit() const {
  return !initialization_ || (initialization_->settled() && wait_until_fit() == nullptr);
}

std::exception_ptr pool_employee::wait_until_fit() const {
  const std::lock_guard lock{mutex_};
  return initialization_ ? initialized_.exception() : nullptr;
}

// --- All of them ----------------------------------------------------------------------------------------------------------

// A kill from elsewhere in the moment of the deadline looks the same, and the item has had its time by then.
bool has_exceeded(const pool_remains& remains, const actor_down& down, const pool_rules& rules) {
  if (rules.deadline.count() == 0 || !remains.is_running()) return false;
  return is_killed(down.status()) && std::chrono::steady_clock::now() - remains.since() >= rules.deadline;
}

bool pool_crew::may_try_again(int in_vain, const actor_down& down) {
  constexpr int most = 32, most_if_killed = 1000;
  return in_vain <= (is_killed_or_cut_off(down.status()) ? most_if_killed : most);
}

pool_crew::pool_crew(actor_system& system, crew_options options)
    : system_{system}, options_{std::move(options)} {
  try {
    for (std::size_t place = 0; place < size(); ++place) {
      auto worker = start(place);
      seats_.emplace_back().worker = std::move(worker);
    }
    for (const auto& each : seats_) {
      if (const auto why = each.worker->wait_until_fit())
        std::rethrow_exception(to_start_failed(each.worker->actor, why));
    }
  } catch (...) {
    end(std::chrono::nanoseconds{0});
    throw;
  }
}

std::shared_ptr<pool_employee> pool_crew::start(std::size_t place) const {
  auto post = hire(place);
  future<void> initialized;
  if (options_.initializer) initialized = options_.initializer.start(post.actor);
  return std::make_shared<pool_employee>(std::move(post), std::move(initialized));
}

/// A process for that seat.
pool_post pool_crew::hire(std::size_t place) const {
  return start_on_one_of(options_.nodes, place, [&](const placement& on) {
    const spawn_options how{.name = options_.name + "-" + std::to_string(place + 1),
                            .on = on,
                            .limits = {.private_data = options_.memory_limit}};
    pool_log log;
    if (on.is_here()) log = pool_log{pool_log_words};
    const auto worker = on.is_here() ? system_.spawn<pool_worker>(how, log) : system_.spawn<pool_worker>(how);
    return pool_post{.actor = worker, .pid = worker.pid(), .log = std::move(log)};
  });
}

std::exception_ptr pool_crew::to_start_failed(const pool_actor& worker, const std::exception_ptr& why) const {
  try {
    std::rethrow_exception(why);
  } catch (const system_stopped&) {
    return why;
  } catch (const stop_requested&) {
    return why;
  } catch (...) {
    return std::make_exception_ptr(
        start_failed{"initializer", "the initializer of the pool '" + options_.name + "' failed in worker " +
                                        worker.name() + ", which is of no use without it: " + text_of(why)});
  }
}

pool_actor pool_crew::at(std::size_t place) const {
  const std::lock_guard lock{mutex_};
  return seats_[place].worker->actor;
}

engagement pool_crew::engage(std::size_t place, std::size_t tasks, const pool_actor* dead) {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return !seats_[place].starting; });
  return engage(place, tasks, dead, lock);
}

engagement pool_crew::try_engage(std::size_t place, std::size_t tasks, const pool_actor* dead,
                                 std::function<void()> later) {
  std::unique_lock lock{mutex_};
  if (seats_[place].starting) {
    seats_[place].later.push_back(std::move(later));
    return nullptr;
  }
  return engage(place, tasks, dead, lock);
}

engagement pool_crew::engage(std::size_t place, std::size_t tasks, const pool_actor* dead,
                             std::unique_lock<std::mutex>& lock) {
  auto& here = seats_[place];
  const bool is_dead = (dead != nullptr && here.worker->actor == *dead) || here.worker->unfit() != nullptr;
  std::shared_ptr<pool_employee> last;  // goes when the mutex is free again: its end sends
  if (is_dead || has_had_enough(*here.worker, tasks) || is_relieved(here)) {
    if (!here.successor) start_successor(place, lock);
    last = std::exchange(here.worker, std::exchange(here.successor, nullptr));
    is_dead ? bury(last) : retire(last);
  }
  here.worker->tasks += tasks;
  auto engaged = here.worker;
  call_later(here, lock);
  return engaged;
}

bool pool_crew::has_had_enough(const pool_employee& worker, std::size_t tasks) const {
  return options_.max_tasks != 0 && worker.tasks != 0 && worker.tasks + tasks > options_.max_tasks;
}

/// Whether it is to go as soon as another can take its place.
bool pool_crew::is_worn(const pool_employee& worker) const {
  if (worker.tasks == 0) return false;
  if (options_.max_age.count() != 0 && std::chrono::steady_clock::now() - worker.began >= options_.max_age)
    return true;
  return options_.max_memory != 0 && worker.post->is_here() &&
         worker.post->log.atomic(4).load() > options_.max_memory;
}

/// And whether the other can. One that cannot is no reason to fail anybody: the next one is tried.
bool pool_crew::is_relieved(seat& here) const {
  if (!here.successor || !is_worn(*here.worker)) return false;
  if (here.successor->unfit()) here.successor.reset();
  return here.successor && (here.successor->is_fit() || switched_off("successor_first"));
}

// With the mutex held before and after, and free in between; nobody else starts one for that seat meanwhile.
void pool_crew::start_successor(std::size_t place, std::unique_lock<std::mutex>& lock) {
  if (ended_) throw pool_closed{"the pool '" + options_.name + "' is gone, and its worker too"};
  auto& here = seats_[place];
  const auto last = here.worker;
  here.starting = true;
  lock.unlock();
  std::shared_ptr<pool_employee> fresh;
  std::exception_ptr problem;
  try {
    (void)last->actor.is_alive();  // throws where the system has ended: it may not be touched any more
    fresh = start(place);
    fresh->follow_initialization();
  } catch (...) {
    problem = std::current_exception();
  }
  lock.lock();
  here.starting = false;
  here.successor = std::move(fresh);
  changed_.notify_all();
  if (!problem) return;
  call_later(here, lock);
  std::rethrow_exception(problem);
}

// Lets the mutex go.
void pool_crew::call_later(seat& here, std::unique_lock<std::mutex>& lock) {
  const auto due = std::exchange(here.later, {});
  lock.unlock();
  for (const auto& run : due) run();
}

pool_sending pool_crew::order(const pool_employee& worker, std::uint32_t attempt, bool until_failure,
                              const pool_rules& rules, bool in_parts) {
  return {worker.post,
          {.ticket = ++orders_,
           .attempt = attempt,
           .until_failure = until_failure,
           .deadline = rules.deadline.count(),
           .in_parts = in_parts,
           .weighs = options_.max_memory != 0}};
}

void pool_crew::was_not_given(std::size_t place, const pool_post& worker, std::size_t tasks) {
  const std::lock_guard lock{mutex_};
  auto& here = *seats_[place].worker;
  if (here.post.get() == &worker) here.tasks -= std::min(here.tasks, tasks);
}

void pool_crew::prepare_successor(std::size_t place) try {
  if (options_.max_tasks == 0 && options_.max_age.count() == 0 && options_.max_memory == 0) return;
  std::unique_lock lock{mutex_};
  auto& here = seats_[place];
  const bool is_its_last = options_.max_tasks != 0 && here.worker->tasks >= options_.max_tasks;
  if (here.starting || here.successor || ended_ || !(is_its_last || is_worn(*here.worker))) return;
  start_successor(place, lock);
  call_later(here, lock);
  forget_ended();
} catch (const error&) {
  // Whoever needs it will try again, and hear why.
}

// Of those that were retired. Not with the mutex held: whoever asks the library may be called back by it.
void pool_crew::forget_ended() {
  std::unique_lock lock{mutex_};
  auto retired = std::exchange(retired_, {});
  lock.unlock();
  std::erase_if(retired, [](const pool_actor& each) { return !each.is_alive(); });
  lock.lock();
  retired_.insert(retired_.end(), retired.begin(), retired.end());
}

void pool_crew::retire(const std::shared_ptr<pool_employee>& worker) {
  retired_.push_back(worker->actor);
  worker->is_retired = true;
}

void pool_crew::bury(const std::shared_ptr<pool_employee>& worker) {
  const auto why = worker->unfit();
  if (!why) return;
  unfit_.push_back({worker->actor, why});
  if (unfit_.size() > most_unfit) unfit_.pop_front();
}

std::exception_ptr pool_crew::unfit(const pool_actor& worker) const {
  if (!options_.initializer) return nullptr;
  const std::lock_guard lock{mutex_};
  for (const auto& each : seats_) {
    if (each.worker->actor != worker) continue;
    const auto why = each.worker->unfit();
    return why ? to_start_failed(worker, why) : nullptr;
  }
  for (const auto& each : unfit_) {
    if (each.worker == worker) return to_start_failed(worker, each.why);
  }
  return nullptr;
}

std::vector<process> pool_crew::roll_call() {
  std::vector<process> present;
  for (std::size_t place = 0; place < size(); ++place) {
    const auto worker = at(place);
    present.push_back(worker.is_alive() ? worker : engage(place, 0, &worker)->actor);
  }
  return present;
}

// --- The end --------------------------------------------------------------------------------------------------------------

void pool_crew::close() {
  const std::lock_guard lock{mutex_};
  closed_ = true;
}

bool pool_crew::is_closed() const {
  const std::lock_guard lock{mutex_};
  return closed_;
}

bool pool_crew::is_ended() const {
  const std::lock_guard lock{mutex_};
  return ended_;
}

void pool_crew::check_open() const {
  if (is_closed())
    throw pool_closed{"the pool '" + options_.name + "' has been closed: it takes no new work"};
}

std::shared_ptr<void> pool_crew::begin_map() {
  const std::lock_guard lock{mutex_};
  ++maps_;
  return {static_cast<void*>(this), [this](void*) {
            {
              const std::lock_guard inner{mutex_};
              --maps_;
            }
            changed_.notify_all();
          }};
}

bool pool_crew::wait_for_maps(std::chrono::nanoseconds patience) {
  std::unique_lock lock{mutex_};
  return changed_.wait_until(lock, deadline_in(patience), [this] { return maps_ == 0; });
}

// With the mutex held; nobody starts a worker any more.
std::vector<pool_actor> pool_crew::everyone(std::unique_lock<std::mutex>& lock) {
  closed_ = ended_ = true;
  changed_.wait(lock, [this] {
    return std::none_of(seats_.begin(), seats_.end(), [](const seat& each) { return each.starting; });
  });
  auto all = retired_;
  for (const auto& each : seats_) {
    all.push_back(each.worker->actor);
    if (each.successor) all.push_back(each.successor->actor);
  }
  return all;
}

void pool_crew::kill() {
  std::unique_lock lock{mutex_};
  const auto all = everyone(lock);
  lock.unlock();
  for (const auto& worker : all) worker.kill();
}

std::size_t pool_crew::end(std::optional<std::chrono::nanoseconds> grace) {
  std::unique_lock lock{mutex_};
  const auto all = everyone(lock);
  lock.unlock();
  std::size_t killed = 0;
  try {
    for (const auto& worker : all) worker.stop();
    const auto until = deadline_in(grace.value_or(std::chrono::nanoseconds::max()));
    for (const auto& worker : all) {
      if (worker.join_for(until - std::chrono::steady_clock::now())) continue;
      worker.kill();
      ++killed;
    }
    for (const auto& worker : all) worker.join();
  } catch (const error&) {
    // The system is gone and its processes with it, or this one has been asked to stop: then it ends its own.
  }
  return killed;
}

}  // namespace troupe::detail
