#include <troupe/pool.hpp>
#include <troupe/troupe.hpp>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace std::chrono_literals;

/// True once that holds; false after so long.
bool holds_within(std::chrono::seconds patience, const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(100us);
  }
  return true;
}

/// What the items of a map tell each other.
using marks = troupe::shared_array<std::int64_t>;

struct item {
  int number = 0;
  bool is_slow = false;
  marks shared;
};

std::vector<item> items(int count, const marks& shared, const std::function<bool(int)>& is_slow) {
  std::vector<item> all;
  for (int number = 0; number < count; ++number) all.push_back({number, is_slow(number), shared});
  return all;
}

/// A slow one waits until all others are done.
bool last_of_all(item which) {
  if (!which.is_slow) {
    which.shared.fetch_add(0, 1);
    return true;
  }
  return holds_within(10s, [&] { return which.shared.atomic(0).load() == which.shared.atomic(1).load(); });
}

/// The process that ran it. A slow one takes its time, until two processes have run slow ones.
int by_whom(item which) {
  if (!which.is_slow) return ::getpid();
  const auto me = which.shared.atomic(0);
  std::int64_t nobody = 0;
  if (!me.compare_exchange_strong(nobody, ::getpid()) && nobody != ::getpid())
    which.shared.atomic(1).store(1);
  (void)holds_within(1s, [&, began = std::chrono::steady_clock::now()] {
    return which.shared.atomic(1).load() != 0 || std::chrono::steady_clock::now() - began >= 20ms;
  });
  return ::getpid();
}

std::set<int> slow_ones(const std::vector<int>& by, int first) { return {by.begin() + first, by.end()}; }

}  // namespace

TEST_CASE("a long chunk is shared with a worker that has nothing left to do") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  const marks shared{2};
  const auto all = items(24, shared, [](int number) { return number >= 12; });
  std::size_t told = 0;
  const auto count = [&](std::size_t done, std::optional<std::size_t>) { told = done; };
  const auto by = pool.map<by_whom>(all, {.chunk_size = 12, .on_progress = count});
  REQUIRE(by.size() == 24);
  CHECK(slow_ones(by, 12).size() == 2);
  CHECK(told == 24);
}

TEST_CASE("what waits behind a slow item goes to a worker that has nothing left to do") {
  constexpr int count = 400, slow = count - 30;
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  const marks shared{2};
  shared.atomic(1).store(count - 1);
  const auto all = items(count, shared, [](int number) { return number == slow; });
  SECTION("of a map") {
    const auto done = pool.map<last_of_all>(all, {.chunk_size = 1, .in_flight = 64});
    CHECK(done == std::vector<bool>(count, true));
  }
  SECTION("of results one after another") {
    std::vector<bool> done;
    for (const bool each : pool.imap<last_of_all>(all, {.chunk_size = 1, .in_flight = 64}))
      done.push_back(each);
    CHECK(done == std::vector<bool>(count, true));
  }
  CHECK(shared.atomic(0).load() == count - 1);
}

TEST_CASE("what is shared out keeps its place, and a failure its index") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 3}};
  const auto dawdle = [](int n) {
    std::this_thread::sleep_for(n < 90 ? 0us : 500us);
    return n;
  };
  std::vector<int> numbers(180);
  std::iota(numbers.begin(), numbers.end(), 0);
  CHECK(pool.map(dawdle, numbers, {.chunk_size = 90}) == numbers);

  const auto fail_late = [](int n) {
    std::this_thread::sleep_for(n < 90 ? 0us : 500us);
    if (n >= 170) throw std::runtime_error{std::to_string(n)};
    return n;
  };
  try {
    (void)pool.map(fail_late, numbers, {.chunk_size = 90});
    FAIL("a map with items that throw has returned");
  } catch (const std::runtime_error& problem) {
    const auto* const where = dynamic_cast<const troupe::failed_at*>(&problem);
    REQUIRE(where != nullptr);
    CHECK(where->index() >= 170);
    CHECK(std::to_string(where->index()) == problem.what());
  }
}

TEST_CASE("two maps at once take back only what is theirs, and both are whole") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  std::vector<int> numbers(120);
  std::iota(numbers.begin(), numbers.end(), 0);
  const auto uneven = [](int n) {
    std::this_thread::sleep_for(n % 40 == 39 ? 3ms : 20us);
    return n;
  };
  std::vector<int> other;
  std::thread beside{[&] {
    for (int round = 0; round < 10; ++round)
      other = pool.map(uneven, numbers, {.chunk_size = 10, .in_flight = 12});
  }};
  bool whole = true;
  for (int round = 0; round < 10; ++round)
    whole = whole && pool.map(uneven, numbers, {.chunk_size = 10, .in_flight = 12}) == numbers;
  beside.join();
  CHECK(whole);
  CHECK(other == numbers);
}
