// The other ways to call: with tuples, one at once, all in the background, each with its own outcome.
#include <troupe/pool.hpp>
#include <troupe/troupe.hpp>

#include "support/processes.hpp"
#include "support/range.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <ranges>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

int multiply(int a, int b) { return a * b; }
std::string repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}
void refuse_odd(int n) {
  if (n % 2 == 1) throw std::invalid_argument{"odd: " + std::to_string(n)};
}
int careful(int n) {
  if (n % 10 == 3) throw std::out_of_range{std::to_string(n)};
  if (n % 10 == 7) ::raise(SIGKILL);
  if (n % 10 == 9) ::_exit(4);
  return n;
}
using support::range;

}  // namespace

TEST_CASE("starmap calls with the elements of tuples, pairs and a map's entries") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  const std::vector<std::pair<int, int>> pairs{{1, 2}, {3, 4}, {5, 6}};
  CHECK(pool.starmap<multiply>(pairs) == std::vector<int>{2, 12, 30});
  const std::vector<std::tuple<std::string, int>> tuples{{"a", 3}, {"bc", 2}};
  CHECK(pool.starmap<repeat>(tuples) == std::vector<std::string>{"aaa", "bcbc"});
  const std::map<std::string, int> counts{{"x", 1}, {"y", 2}};
  CHECK(pool.starmap<repeat>(counts) == std::vector<std::string>{"x", "yy"});
  CHECK(pool.starmap([](int a, int b, int c) { return a + b * c; },
                     std::vector<std::tuple<int, int, int>>{{1, 2, 3}}) == std::vector<int>{7});
  const auto made = std::views::iota(0, 1000) | std::views::transform([](int n) {
                      return std::pair{n, n + 1};
                    });
  const auto all = pool.starmap<multiply>(made);
  CHECK(all.size() == 1000);
  CHECK(all[999] == 999'000);
}

TEST_CASE("what starmap's function throws names the item") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  try {
    (void)pool.starmap([](int a, int b) { return a == 3 ? throw std::domain_error{"three"} : a + b; },
                       std::vector<std::pair<int, int>>{{1, 1}, {2, 2}, {3, 3}});
    FAIL("it threw nothing");
  } catch (const std::domain_error& problem) {
    CHECK(problem.what() == std::string{"three"});
    CHECK(dynamic_cast<const troupe::failed_at&>(problem).index() == 2);
  }
}

TEST_CASE("apply waits for one call, and throws what that throws") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  CHECK(pool.apply<multiply>(6, 7) == 42);
  CHECK(pool.apply([] { return ::getpid(); }) != ::getpid());
  CHECK_THROWS_AS(pool.apply<refuse_odd>(3), std::invalid_argument);
  pool.apply<refuse_odd>(4);
}

TEST_CASE("try_map gives a result or an error for each item, whatever becomes of the others") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  const auto all = pool.try_map<careful>(range(100));
  REQUIRE(all.size() == 100);
  for (int n = 0; n < 100; ++n) {
    const auto& each = all[static_cast<std::size_t>(n)];
    INFO(n);
    CHECK(each.has_value() == (n % 10 != 3 && n % 10 != 7 && n % 10 != 9));
    if (each) {
      CHECK(*each == n);
      CHECK(each.error() == nullptr);
    } else if (n % 10 == 3) {
      CHECK_THROWS_AS(each.value(), std::out_of_range);
      CHECK(each.value_or(-1) == -1);
    } else {
      try {
        std::rethrow_exception(each.error());
      } catch (const troupe::actor_down& down) {
        CHECK(down.status().code == (n % 10 == 7 ? SIGKILL : 4));
        CHECK(dynamic_cast<const troupe::failed_at&>(down).index() == static_cast<std::size_t>(n));
      }
    }
  }
  const auto checked = pool.try_map<refuse_odd>(range(4));
  REQUIRE(checked.size() == 4);
  CHECK((checked[0] && !checked[1] && checked[2] && !checked[3]));
  CHECK(pool.try_map<careful>(std::vector<int>{}).empty());
}

TEST_CASE("map_async gives all results later, and calls back when they are there") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  auto squares = pool.map_async([](int n) { return n * n; }, range(1000));
  auto checked = pool.map_async<refuse_odd>(std::vector<int>{2, 4, 6});
  checked.get();
  CHECK(!checked.valid());
  CHECK_THROWS_AS(checked.get(), std::logic_error);
  const auto all = squares.get();
  REQUIRE(all.size() == 1000);
  CHECK(all[999] == 999 * 999);
  CHECK(pool.map_async<careful>(std::vector<int>{}).get().empty());

  std::atomic<int> sum = 0;
  pool.map_async<careful>(std::vector<int>{1, 2, 4}).then([&](auto ready) {
    for (const int each : ready.get()) sum += each;
  });
  CHECK(support::wait_until([&] { return sum == 7; }));
  std::atomic<bool> empty_came = false;
  pool.map_async<careful>(std::vector<int>{}).then([&](auto ready) { empty_came = ready.get().empty(); });
  CHECK(empty_came);
}

TEST_CASE("map_async throws what the first item that failed threw") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  auto some = pool.map_async<refuse_odd>(std::vector<int>{2, 4, 5, 7}, {.chunk_size = 1});
  try {
    some.get();
    FAIL("it threw nothing");
  } catch (const std::invalid_argument& problem) {
    CHECK(dynamic_cast<const troupe::failed_at&>(problem).index() == 2);
  }
  auto dead = pool.map_async<careful>(std::vector<int>{0, 7, 1}, {.chunk_size = 1});
  CHECK_THROWS_AS(dead.get(), troupe::actor_down);
  CHECK(pool.apply<multiply>(2, 3) == 6);
}
