// W8: 64 MiB of doubles that lie ready in an actor, from the request until the host has read one of each page. As a vector,
// which is copied into its message and out of it, and as a shared_buffer, which is handed over; of that also the passing
// alone, to and fro, and of a small one, since it should not depend on the size.
#include <troupe/troupe.hpp>

#include "workloads.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace bench {

namespace {

constexpr std::size_t doubles = std::size_t{8} << 20;
constexpr std::size_t page = 4096 / sizeof(double);

class owner {
 public:
  explicit owner(std::size_t count) : vector_(count, 1.5), buffer_{count * sizeof(double)} {
    std::ranges::fill(buffer_.as<double>(), 1.5);
  }
  const std::vector<double>& vector() const { return vector_; }
  troupe::shared_buffer buffer() { return std::move(buffer_); }
  void take_back(troupe::shared_buffer buffer) { buffer_ = std::move(buffer); }

 private:
  std::vector<double> vector_;
  troupe::shared_buffer buffer_;
};

template <class Doubles>
double sum_of_pages(const Doubles& all) {
  double sum = 0;
  for (std::size_t i = 0; i < all.size(); i += page) sum += all[i];
  return sum;
}

template <class Work>
double median_seconds(std::uint64_t rounds, const Work& work) {
  std::vector<double> seconds;
  for (std::uint64_t round = 0; round < rounds; ++round) seconds.push_back(work());
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

double since(clock::time_point began) { return std::chrono::duration<double>(clock::now() - began).count(); }

/// From the request until the host has it, and nothing of it read.
double microseconds_to_pass(troupe::actor_system& system, std::size_t count, std::uint64_t rounds) {
  const auto actor = system.spawn<owner>(count);
  return 1e6 * median_seconds(rounds, [&] {
           const auto began = clock::now();
           auto buffer = actor.ask<&owner::buffer>().get();
           const auto took = since(began);
           check(buffer.size() == count * sizeof(double), "the buffer is whole");
           actor.ask<&owner::take_back>(std::move(buffer)).get();
           return took;
         });
}

}  // namespace

void array_back() {
  const auto rounds = choose({15, {}}, {5, {}}).count;
  const double right = 1.5 * static_cast<double>(doubles / page);
  const double gigabytes = static_cast<double>(doubles * sizeof(double)) / 1e9;
  troupe::actor_system system;
  const auto actor = system.spawn<owner>(doubles);
  const auto by_vector = median_seconds(rounds, [&] {
    const auto began = clock::now();
    const auto array = actor.ask<&owner::vector>().get();
    check(sum_of_pages(array) == right, "the array is whole");
    return since(began);
  });
  report("W8", "array", gigabytes / by_vector, "GB/s");
  const auto by_buffer = median_seconds(rounds, [&] {
    const auto began = clock::now();
    auto buffer = actor.ask<&owner::buffer>().get();
    check(sum_of_pages(buffer.as<double>()) == right, "the array is whole");
    const auto took = since(began);
    actor.ask<&owner::take_back>(std::move(buffer)).get();
    return took;
  });
  report("W8", "shared_buffer", gigabytes / by_buffer, "GB/s");
  report("W8", "pass_64MiB", microseconds_to_pass(system, doubles, rounds * 20), "us");
  report("W8", "pass_4KiB", microseconds_to_pass(system, page, rounds * 20), "us");
}

}  // namespace bench
