// The workloads of troupe-bench: what each does, and how much of it.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

using clock = std::chrono::steady_clock;  // the same in all processes of a machine

/// The 64 bytes that most workloads send.
struct payload {
  std::uint64_t number = 0;
  std::array<std::uint64_t, 7> rest{};
};
static_assert(sizeof(payload) == 64);

/// As many as `count`, or until `limit` is over.
struct amount {
  std::uint64_t count;
  std::chrono::milliseconds limit;
};

/// `full`, or `quick` where the environment has PEER_QUICK.
amount choose(amount full, amount quick);

void ask_round_trip();  ///< W1
void tell_stream();     ///< W2
void bulk_large();      ///< W3
void bulk_medium();     ///< W3b
void queue_fan_out();   ///< W4
void spawn_and_stop();  ///< W5
void map_squares();     ///< W6
void heavy_map();       ///< W7
void array_back();      ///< W8
void deaths();          ///< W9
void asking_threads();  ///< W10

/// With so many actors, one count after the other. Where a limit is met, a line beginning with `#` says what the user gets.
void growth(const std::vector<std::size_t>& counts);

struct workload {
  std::string name;
  std::string what;
  void (*run)();
};
std::span<const workload> workloads();

/// Prints `workload,metric,value,unit`.
void report(const std::string& workload, const std::string& metric, double value, const std::string& unit);

/// Throws `std::runtime_error` that says which check failed.
[[noreturn]] void fail(std::string_view check);
inline void check(bool holds, std::string_view what) {
  if (!holds) fail(what);
}

}  // namespace bench
