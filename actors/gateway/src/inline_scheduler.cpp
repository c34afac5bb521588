#include "inline_scheduler.hpp"

#include <utility>

namespace troupe::caf::detail {

// --- The clock ------------------------------------------------------------------------------------------------------------

void inline_clock::set_ordinary_timeout(time_point t, ::caf::abstract_actor* self, ::caf::atom_value type,
                                        std::uint64_t id) {
  const std::lock_guard guard{mutex_};
  simple_actor_clock::set_ordinary_timeout(t, self, type, id);
}

void inline_clock::set_multi_timeout(time_point t, ::caf::abstract_actor* self, ::caf::atom_value type,
                                     std::uint64_t id) {
  const std::lock_guard guard{mutex_};
  simple_actor_clock::set_multi_timeout(t, self, type, id);
}

void inline_clock::set_request_timeout(time_point t, ::caf::abstract_actor* self, ::caf::message_id id) {
  const std::lock_guard guard{mutex_};
  simple_actor_clock::set_request_timeout(t, self, id);
}

void inline_clock::cancel_ordinary_timeout(::caf::abstract_actor* self, ::caf::atom_value type) {
  const std::lock_guard guard{mutex_};
  simple_actor_clock::cancel_ordinary_timeout(self, type);
}

void inline_clock::cancel_request_timeout(::caf::abstract_actor* self, ::caf::message_id id) {
  const std::lock_guard guard{mutex_};
  simple_actor_clock::cancel_request_timeout(self, id);
}

void inline_clock::cancel_timeouts(::caf::abstract_actor* self) {
  const std::lock_guard guard{mutex_};
  simple_actor_clock::cancel_timeouts(self);
}

void inline_clock::schedule_message(time_point t, ::caf::strong_actor_ptr receiver,
                                    ::caf::mailbox_element_ptr content) {
  const std::lock_guard guard{mutex_};
  simple_actor_clock::schedule_message(t, std::move(receiver), std::move(content));
}

void inline_clock::schedule_message(time_point t, ::caf::group target, ::caf::strong_actor_ptr sender,
                                    ::caf::message content) {
  const std::lock_guard guard{mutex_};
  simple_actor_clock::schedule_message(t, std::move(target), std::move(sender), std::move(content));
}

void inline_clock::cancel_all() {
  const std::lock_guard guard{mutex_};
  simple_actor_clock::cancel_all();
}

void inline_clock::advance() {
  const std::lock_guard guard{mutex_};
  trigger_expired_timeouts();
}

std::optional<inline_clock::time_point> inline_clock::next() const {
  const std::lock_guard guard{mutex_};
  if (schedule().empty()) return std::nullopt;
  return schedule().begin()->first;
}

// --- The scheduler --------------------------------------------------------------------------------------------------------

inline_scheduler::inline_scheduler(::caf::actor_system& system)
    : abstract_coordinator{system}, execution_unit{&system} {}

void inline_scheduler::enqueue(::caf::resumable* what) {
  const std::lock_guard guard{mutex_};
  jobs_.push_back(what);
}

::caf::resumable* inline_scheduler::next() {
  const std::lock_guard guard{mutex_};
  if (jobs_.empty()) return nullptr;
  auto* const job = jobs_.front();
  jobs_.pop_front();
  return job;
}

void inline_scheduler::run() {
  clock_.advance();
  while (auto* const job = next()) {
    switch (job->resume(this, max_throughput())) {
      case ::caf::resumable::resume_later: enqueue(job); break;
      case ::caf::resumable::done:
      case ::caf::resumable::awaiting_message: ::caf::intrusive_ptr_release(job); break;
      case ::caf::resumable::shutdown_execution_unit: break;
    }
  }
}

void inline_scheduler::stop() {
  clock_.cancel_all();
  run();
  stop_actors();
}

namespace {

// What runs on `system` is seldom of the type that CAF's `load` wants: it takes modules with a static `make`.
::caf::actor_system::module* make_scheduler(::caf::actor_system& system) {
  return new inline_scheduler{system};  // the system's
}

}  // namespace

void schedule_inline(::caf::actor_system_config& settings) {
  settings.module_factories.emplace_back(make_scheduler);
}

}  // namespace troupe::caf::detail
