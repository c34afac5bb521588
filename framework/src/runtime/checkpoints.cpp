#include "runtime/checkpoints.hpp"

#include <algorithm>

namespace troupe::runtime {
namespace {

constexpr std::size_t first_step = std::size_t{64} << 10;
constexpr std::size_t worth_giving_back = std::size_t{4} << 20;

/// Grows by a half, so that what is added piece by piece is not mapped anew each time.
std::size_t capacity_for(std::size_t size, std::size_t before) {
  const auto wanted = std::max(size, before + before / 2);
  return (wanted + first_step - 1) / first_step * first_step;
}

}  // namespace

// Its pages are taken before they are written to: a shortage is an exception then, and not a SIGBUS.
std::span<std::byte> checkpoints::first(kept_memory& of, std::size_t size) {
  if (of.mapped.bytes().size() < size) {
    const auto capacity = capacity_for(size, of.mapped.bytes().size());
    platform::allocate(of.file, capacity);
    of.mapped = {};
    of.mapped = platform::mapping::map(of.file, platform::access::read_write, 0, capacity);
  }
  return of.mapped.bytes();
}

void checkpoints::save(std::span<const std::byte> state) {
  const auto which = 1 - page_.last_checkpoint().memory % 2;
  auto& memory = memories_[which];
  if (memory.mapped.bytes().size() > worth_giving_back && memory.mapped.bytes().size() / 8 > state.size()) {
    memory.mapped = {};
    platform::empty(memory.file);  // nothing of it is in force
  }
  std::ranges::copy(state, first(memory, state.size()).begin());
  page_.stage_checkpoint({which, state.size()});
}

std::span<std::byte> checkpoints::room(std::size_t size) {
  const auto staged = page_.staged_checkpoint();
  return first(memories_[staged.memory % 2], staged.size + size).subspan(staged.size, size);
}

void checkpoints::add(std::size_t size) {
  const auto staged = page_.staged_checkpoint();
  page_.stage_checkpoint({staged.memory, staged.size + size});
}

std::vector<std::byte> checkpoints::last() const {
  const auto in_force = page_.last_checkpoint();
  const auto& memory = memories_[in_force.memory % 2];
  if (in_force.size == 0 || in_force.size > platform::memory_size(memory.file))
    return {};  // no honest process leaves that
  std::vector<std::byte> state(in_force.size);
  platform::read_front(memory.file, state);
  return state;
}

}  // namespace troupe::runtime
