// What is counted.
#pragma once

#include <array>
#include <cstdint>

namespace instructions {

/// So many are sent before the actor runs.
inline constexpr std::uint64_t batch = 100;

/// As in troupe-bench.
struct payload {
  std::uint64_t number = 0;
  std::array<std::uint64_t, 7> rest{};
};
static_assert(sizeof(payload) == 64);

/// Each does its thing `count` times, in batches, and throws where the actor has not got what was sent.
void tell(std::uint64_t count);   ///< messages of 64 bytes to an actor that counts them
void ask(std::uint64_t count);    ///< the same, answered
void queue(std::uint64_t count);  ///< items of 64 bytes through a queue: put, and got
void map(std::uint64_t count);    ///< items of a pool's map, over one worker

}  // namespace instructions
