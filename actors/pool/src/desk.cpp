#include <troupe/detail/pool_desk.hpp>
#include <troupe/errors.hpp>
#include <troupe/pool.hpp>

#include <algorithm>

namespace troupe::detail {

namespace {
std::exception_ptr gone() {
  return std::make_exception_ptr(pool_closed{"the pool went before the call had been begun"});
}

bool died_running(const std::exception_ptr& problem) {
  if (!problem) return false;
  try {
    std::rethrow_exception(problem);
  } catch (const actor_down& down) {
    return down.fate() == call_fate::died_running;
  } catch (...) {
    return false;
  }
}

}  // namespace

pool_desk::pool_desk(std::shared_ptr<pool_crew> crew) : crew_{std::move(crew)} {
  for (std::size_t place = 0; place < crew_->size(); ++place) {
    seats_.emplace_back();
    seats_.back().worker = crew_->at(place);
  }
}

void pool_desk::submit(task_pointer task) {
  {
    const std::lock_guard lock{mutex_};
    task->number = submitted_++;
    waiting_.push_back(std::move(task));
  }
  advance();
}

std::vector<awaited> pool_desk::waits_for() {
  std::unique_lock lock{mutex_};
  // Somebody else's answer may be the next that comes: it must be known before one sleeps. What is in this thread's own
  // hands is further up its stack, and comes after.
  settled_down_.wait(lock, [this] {
    const auto is_another = [](std::thread::id who) { return who != std::this_thread::get_id(); };
    return std::none_of(delivering_.begin(), delivering_.end(), is_another) &&
           std::none_of(seats_.begin(), seats_.end(),
                        [&](const seat& each) { return each.in_transit && is_another(each.handler); });
  });
  std::vector<awaited> all;
  for (const auto& each : seats_) {
    if (each.task) all.push_back(*each.answer);
  }
  return all;
}

void pool_desk::advance() { advance(std::nullopt); }

// A seat that this thread has had in its hands is let go only as the next call is assigned: in between it would look as if
// nothing were under way.
void pool_desk::advance(std::optional<std::size_t> in_hand) {
  std::vector<bool> passed_over(seats_.size());  // seats that had no worker this time
  constexpr auto none = static_cast<std::size_t>(-1);
  auto held = in_hand.value_or(none);
  bool left_some = false;
  for (;;) {
    std::vector<task_pointer> done;
    std::optional<assignment> next;
    {
      const std::lock_guard lock{mutex_};
      if (held != none) seats_[held].in_transit = false;
      collect(done);
      next = assign(passed_over, done);
      if (left_some) end_delivering();
      if (!done.empty()) delivering_.push_back(std::this_thread::get_id());
    }
    if (held != none || left_some) settled_down_.notify_all();
    held = none;
    left_some = !deliver(done);
    if (!next && !left_some) break;
    if (!next) continue;
    const auto place = next->place;
    const auto done_with = carry_out(std::move(*next), passed_over);
    passed_over[place] = done_with == handling::no_worker;
    if (done_with == handling::done) held = place;
  }
  // Their futures are ready by an exception: only a worker's answer could be a value.
  for (const auto& each : take_idle())
    each.fail(std::make_exception_ptr(pool_closed{"nothing is left to do"}));
}

// What is left of a call when a worker has given it back waits in front of all others. False where there is some: then this
// thread is still delivering, until that has been assigned.
bool pool_desk::deliver(const std::vector<task_pointer>& done) {
  if (done.empty()) return true;
  std::vector<task_pointer> left;
  for (const auto& each : done) {
    if (each->instead) {
      each->fail(each->instead);
    } else if (!each->deliver()) {
      left.push_back(each);
    }
  }
  bool is_too_late = false;
  {
    const std::lock_guard lock{mutex_};
    is_too_late = ended_;
    if (!is_too_late) waiting_.insert(waiting_.begin(), left.begin(), left.end());
    if (!is_too_late && !left.empty()) return false;
    end_delivering();
  }
  settled_down_.notify_all();
  for (const auto& each : left) each->fail(gone());
  return true;
}

std::vector<relay<void>> pool_desk::take_idle() {
  const std::lock_guard lock{mutex_};
  const bool is_busy = !waiting_.empty() || std::any_of(seats_.begin(), seats_.end(), [](const seat& each) {
    return each.task || each.in_transit;
  });
  return is_busy ? std::vector<relay<void>>{} : std::exchange(idle_, {});
}

// With the mutex held.
void pool_desk::end_delivering() {
  delivering_.erase(std::find(delivering_.begin(), delivering_.end(), std::this_thread::get_id()));
}

bool pool_desk::wait_until_idle(std::chrono::nanoseconds patience) {
  const relay<void> idle{shared_from_this()};
  const auto ready = idle.get_future();
  {
    const std::lock_guard lock{mutex_};
    idle_.push_back(idle);
  }
  advance();
  return ready.wait_for(patience);
}

// A call that is at a worker ends there: one that runs, with the worker.
void pool_desk::cancelled() {
  std::vector<awaited> unwanted;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& each : seats_) {
      if (each.task && each.task->is_given_up()) unwanted.push_back(*each.answer);
    }
  }
  for (const auto& each : unwanted) each.abort();
}

bool pool_desk::is_to_be_sent_again(pool_task& task) {
  const auto problem = task.problem();
  if (!problem) return false;
  try {
    std::rethrow_exception(problem);
  } catch (const actor_down& down) {
    if (down.fate() != call_fate::died_running) return pool_crew::may_try_again(++task.sent_in_vain, down);
    task.last_death = problem;
    return task.died(down);
  } catch (...) {
    return false;
  }
}

// Takes what has been answered from the seats. With the mutex held.
void pool_desk::collect(std::vector<task_pointer>& done) {
  for (auto& each : seats_) {
    if (!each.task || !each.answer->settled()) continue;
    auto task = std::move(each.task);
    each.answer.reset();
    if (const auto problem = task->problem(); problem && !task->is_given_up()) {
      // A worker that was ended while it was being initialized has not failed to be.
      if (const auto why = crew_->unfit(each.worker); why && !crew_->is_ended()) {
        task->instead = why;
        done.push_back(std::move(task));
        continue;
      }
    }
    const bool ends = ended_ || (crew_->is_ended() && died_running(task->problem()));
    if (!ends && !task->is_given_up() && is_to_be_sent_again(*task)) {
      waiting_.push_front(std::move(task));
    } else {
      done.push_back(std::move(task));
    }
  }
}

// With the mutex held.
std::optional<pool_desk::assignment> pool_desk::assign(const std::vector<bool>& passed_over,
                                                       std::vector<task_pointer>& expired) {
  const auto now = std::chrono::steady_clock::now();
  for (; !waiting_.empty(); waiting_.pop_front()) {
    if (waiting_.front()->is_given_up()) continue;
    if (!waiting_.front()->has_expired(now)) break;
    expired.push_back(std::move(waiting_.front()));
  }
  if (waiting_.empty() || ended_) return std::nullopt;
  for (std::size_t place = 0; place < seats_.size(); ++place) {
    auto& each = seats_[place];
    if (each.task || each.in_transit || passed_over[place]) continue;
    each.in_transit = true;
    each.handler = std::this_thread::get_id();
    assignment chosen{place, std::move(waiting_.front())};
    waiting_.pop_front();
    return chosen;
  }
  return std::nullopt;
}

pool_desk::handling pool_desk::carry_out(assignment what, const std::vector<bool>& passed_over) {
  try {
    if (!send(what)) {
      const std::lock_guard lock{mutex_};
      waiting_.push_front(std::move(what.task));
      return handling::in_other_hands;
    }
  } catch (const start_failed&) {
    if (put_back(what, passed_over)) return handling::no_worker;
    what.task->fail(std::current_exception());
    return handling::done;
  } catch (const pool_closed&) {
    if (!keep(what)) what.task->fail(std::current_exception());
    return handling::done;
  } catch (...) {
    what.task->fail(std::current_exception());
    return handling::done;
  }
  const auto answer = what.task->answer();
  bool is_given_up = false;
  {
    const std::lock_guard lock{mutex_};
    auto& here = seats_[what.place];
    is_given_up = what.task->is_given_up();  // else `cancelled` finds it here
    here.task = std::move(what.task);
    here.answer = answer;
  }
  if (is_given_up) answer.abort();
  answer.when_settled([self = weak_from_this()] {
    if (const auto desk = self.lock()) desk->advance();
  });
  return handling::done;
}

// False where another thread is starting a worker for the seat.
bool pool_desk::send(assignment& what) {
  auto& worker = seats_[what.place].worker;  // this thread's, while it is in transit
  for (int tries = 0;; ++tries) {
    hand_over(what.place, {});  // if another thread is at it, the seat is in its hands before it may let go
    const auto engaged = crew_->try_engage(what.place, 1, tries == 0 ? nullptr : &worker,
                                           [self = weak_from_this(), place = what.place] {
                                             const auto desk = self.lock();
                                             if (desk) desk->advance(place);
                                           });
    if (!engaged) return false;
    hand_over(what.place, std::this_thread::get_id());
    worker = engaged->actor;
    try {
      what.task->send(*engaged);
      what.task->is_sent();
      break;
    } catch (const actor_down& down) {
      if (const auto why = crew_->unfit(worker); why && !crew_->is_ended()) std::rethrow_exception(why);
      if (!pool_crew::may_try_again(tries + 1, down)) throw;
    }
  }
  crew_->prepare_successor(what.place);
  return true;
}

void pool_desk::hand_over(std::size_t place, std::thread::id to) {
  const std::lock_guard lock{mutex_};
  seats_[place].handler = to;
}

// Leaves call and seat to whoever else has something under way, or to a seat that may still have a worker; false where
// there is none, and nothing would bring it on.
bool pool_desk::put_back(assignment& what, const std::vector<bool>& passed_over) {
  {
    const std::lock_guard lock{mutex_};
    bool is_hopeless = true;
    for (std::size_t place = 0; place < seats_.size(); ++place) {
      const auto& each = seats_[place];
      if (place != what.place && (each.task || each.in_transit || !passed_over[place])) is_hopeless = false;
    }
    if (is_hopeless) return false;
    waiting_.push_front(std::move(what.task));
    seats_[what.place].in_transit = false;
  }
  settled_down_.notify_all();
  return true;
}

// False where nobody wants it back.
bool pool_desk::keep(assignment& what) {
  const std::lock_guard lock{mutex_};
  if (!kept_) return false;
  kept_->push_back(std::move(what.task));
  return true;
}

std::deque<pool_desk::task_pointer> pool_desk::take_unbegun(bool more_may_come) {
  auto left = take_waiting();
  const std::lock_guard lock{mutex_};
  if (kept_) left.insert(left.end(), kept_->begin(), kept_->end());
  kept_.reset();
  if (more_may_come) kept_.emplace();
  return left;
}

std::deque<pool_desk::task_pointer> pool_desk::take_waiting() {
  std::deque<task_pointer> left;
  const std::lock_guard lock{mutex_};
  left.swap(waiting_);
  return left;
}

void pool_desk::end() {
  {
    const std::lock_guard lock{mutex_};
    ended_ = true;
  }
  for (const auto& each : take_waiting()) each->fail(gone());
}

}  // namespace troupe::detail
