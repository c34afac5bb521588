#include <troupe/detail/endpoint.hpp>
#include <troupe/event.hpp>

#include "system/sync_object.hpp"

namespace troupe {
namespace {

// The figure's lowest bit is the flag; above it is how often that was set.
constexpr std::uint32_t set_bit = 1;

bool wait_until(detail::sync_state& state, platform::time_point until) {
  const auto before = state.figure.load();
  for (auto now = before; (now & set_bit) == 0 && now == before; now = state.figure.load()) {
    const platform::watched_word word{reinterpret_cast<const std::uint32_t*>(&state.figure), now};
    if (!platform::wait_for_change({&word, 1}, until)) return (state.figure.load() & set_bit) != 0;
  }
  return true;
}

}  // namespace

void event::set() const {
  auto& figure = object().state().figure;
  for (auto now = figure.load(); (now & set_bit) == 0;) {
    if (figure.compare_exchange_weak(now, now + 2 + set_bit)) break;
  }
  platform::wake_all(figure);
}

void event::clear() const { object().state().figure.fetch_and(~set_bit); }
bool event::is_set() const { return (object().state().figure.load() & set_bit) != 0; }
void event::wait() const { (void)wait_until(object().state(), platform::never); }
bool event::wait_for(std::chrono::nanoseconds patience) const {
  return wait_until(object().state(), platform::deadline_after(patience));
}

}  // namespace troupe
