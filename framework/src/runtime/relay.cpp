#include <troupe/errors.hpp>
#include <troupe/relay.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

namespace troupe::detail {
namespace {

using replies = std::vector<std::shared_ptr<pending_reply>>;

/// What lies under several answers: the asks, whose channels can be read, and the relays on the way, the nearest last.
struct foundation {
  std::vector<pending_reply*> asks;
  std::vector<pending_reply*> relays;
  replies kept;

  void add(pending_reply& reply) {
    auto on = reply.sources();
    if (!on) return asks.push_back(&reply);
    for (const auto& each : *on) add(*each);
    relays.push_back(&reply);
    kept.insert(kept.end(), on->begin(), on->end());
  }
};

bool has_settled(std::span<pending_reply* const> several) {
  return std::any_of(several.begin(), several.end(), [](const auto* each) { return each->settled(); });
}

}  // namespace

bool wait_for_any(std::span<pending_reply* const> several, deadline until) {
  for (;;) {
    if (has_settled(several)) return true;
    foundation below;
    for (auto* each : several) below.add(*each);
    // Looking for what to wait for may have waited for another thread, which has settled one of these: then what was found
    // may be of no use to them, and may never come.
    if (has_settled(several)) return true;
    const bool in_time = below.asks.empty() || below.asks.front()->wait_any(below.asks, until);
    for (auto* each : below.relays) each->advance();
    if (has_settled(several)) return true;
    if (!in_time || std::chrono::steady_clock::now() >= until) return false;
  }
}

struct relayed_reply::state {
  std::mutex
      mutex;  // of everything below; `settled` may be read without it, and what it tells of then changes no more
  std::shared_ptr<relay_driver> driver;
  std::atomic<bool> settled{false};
  std::shared_ptr<pending_reply> asked;
  std::shared_ptr<pending_reply> answer;
  std::exception_ptr problem;
  std::vector<std::function<void()>> continuations;
};

relayed_reply::relayed_reply(std::shared_ptr<relay_driver> driver) : state_{std::make_unique<state>()} {
  state_->driver = std::move(driver);
}
relayed_reply::~relayed_reply() = default;

bool relayed_reply::settled() const noexcept { return state_->settled.load(std::memory_order_acquire); }

bool relayed_reply::ready() { return wait(deadline{}); }

bool relayed_reply::wait(deadline until) {
  const std::array<pending_reply*, 1> alone{this};
  return wait_for_any(alone, until);
}

bool relayed_reply::wait_any(std::span<pending_reply* const> several, deadline until) {
  return wait_for_any(several, until);
}

byte_reader relayed_reply::result() {
  if (state_->problem) std::rethrow_exception(state_->problem);
  return state_->answer->result();
}

void relayed_reply::then(std::function<void()> run) {
  {
    const std::lock_guard lock{state_->mutex};
    if (!settled()) return state_->continuations.push_back(std::move(run));
  }
  state_->answer ? state_->answer->then(std::move(run)) : run();
}

// Whoever was to ask for the answer looks before it does.
void relayed_reply::cancel() {
  std::unique_lock lock{state_->mutex};
  const auto driver = state_->driver;
  lock.unlock();
  settle(nullptr, std::make_exception_ptr(cancelled{"the call was cancelled: its answer was given up"}));
  if (driver) driver->cancelled();
}

bool relayed_reply::has_begun() {
  std::unique_lock lock{state_->mutex};
  const auto asked = state_->asked;
  lock.unlock();
  return asked && asked->has_begun();
}

void relayed_reply::given_to(std::shared_ptr<pending_reply> whom) {
  const std::lock_guard lock{state_->mutex};
  if (!settled()) state_->asked = std::move(whom);
}

std::optional<replies> relayed_reply::sources() {
  replies all;
  std::unique_lock lock{state_->mutex};
  const auto driver = state_->driver;
  lock.unlock();
  if (!driver) return all;  // settled meanwhile
  const auto on = driver->waits_for();
  if (on.empty()) driver->advance();  // it may be able to go on without anything
  for (const auto& each : on) all.push_back(each.pending_);
  if (all.empty() && !settled() && driver->waits_for().empty())
    settle(nullptr,
           std::make_exception_ptr(broken_promise{"nothing is under way that could give the answer"}));
  return all;
}

void relayed_reply::advance() {
  std::unique_lock lock{state_->mutex};
  const auto driver = state_->driver;
  lock.unlock();
  if (driver) driver->advance();
}

void relayed_reply::settle(std::shared_ptr<pending_reply> answer, std::exception_ptr problem) {
  std::vector<std::function<void()>> due;
  std::shared_ptr<relay_driver> driver;  // which may go with this, so not while the mutex is held
  {
    const std::lock_guard lock{state_->mutex};
    if (settled()) return;
    state_->answer = std::move(answer);
    state_->problem = std::move(problem);
    due.swap(state_->continuations);
    driver.swap(state_->driver);
    state_->asked.reset();
    state_->settled.store(true, std::memory_order_release);
  }
  for (auto& run : due) then(std::move(run));
}

}  // namespace troupe::detail
