#include <troupe/packed.hpp>
#include <troupe/this_actor.hpp>
#include <troupe/timer.hpp>

#include "platform/end_timer.hpp"
#include "platform/process.hpp"
#include "runtime/actor_member.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace troupe {
namespace {

runtime::actor_member& self() { return runtime::actor_member::current_for("troupe::this_actor"); }

}  // namespace

namespace this_actor {

std::string name() { return troupe::self().description().name; }
int pid() { return platform::own_pid(); }
std::uint32_t incarnation() { return troupe::self().description().incarnation; }
std::uint32_t attempt() { return troupe::self().attempt(); }
actor_system& system() { return troupe::self().system(); }
void stop() { troupe::self().stop_self(); }
bool stop_requested() { return troupe::self().stop_was_requested(); }

timer after(std::chrono::nanoseconds time, std::function<void()> callback) {
  return timer{troupe::self().add_timer(time, std::chrono::nanoseconds{0}, std::move(callback))};
}

timer every(std::chrono::nanoseconds period, std::function<void()> callback) {
  if (period <= std::chrono::nanoseconds{0})
    throw std::invalid_argument{"troupe::this_actor::every: the period must be positive"};
  return timer{troupe::self().add_timer(period, period, std::move(callback))};
}

void kill_after(std::chrono::nanoseconds time) {
  (void)troupe::self();
  if (time == std::chrono::nanoseconds::max()) return platform::kill_self_after(std::nullopt);
  platform::kill_self_after(std::max(time, std::chrono::nanoseconds{1}));
}

bool cancel_requested() { return troupe::self().cancel_was_requested(); }

std::optional<process> parent() {
  const auto& start = troupe::self().description();
  if (start.parent.id == 0) return std::nullopt;
  return process{troupe::detail::own_endpoint(), start.parent, start.parent_name};
}

void detail::save(std::span<const std::byte> state) { troupe::self().save_checkpoint(state); }
std::span<std::byte> detail::room_behind(std::size_t size) {
  auto& here = troupe::self();
  return here.may_return() ? here.checkpoint_room(size) : std::span<std::byte>{};
}
void detail::add_behind(std::size_t size) { troupe::self().extend_checkpoint(size); }
packed_bytes detail::saved() { return troupe::self().last_checkpoint(); }
void detail::end_quietly() { troupe::self().end_quietly(); }

process detail::self_as_process() {
  const auto& start = troupe::self().description();
  return {troupe::detail::own_endpoint(), start.self, start.name};
}

}  // namespace this_actor

void timer::cancel() const {
  if (number_ != 0) self().cancel_timer(number_);
}

unpacker::unpacker(std::span<const std::byte> bytes)
    : where_{runtime::actor_member::current() != nullptr ? detail::own_endpoint() : nullptr},
      in_{bytes, where_.get()} {}

std::shared_ptr<detail::endpoint> detail::own_endpoint() { return self().shared_from_this(); }

}  // namespace troupe
