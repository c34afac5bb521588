#include <troupe/pool.hpp>
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include <catch2/catch.hpp>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

int same(int n) { return n; }

/// An item that waits at a gate, or not.
struct visitor {
  int number = 0;
  bool waits = false;
  troupe::queue<int> gate;
};
int pass_gate(visitor who) {
  if (who.waits) (void)who.gate.get();
  return who.number;
}

/// Endless, and counts what has been taken of it.
auto counting(int& pulled) {
  return std::views::iota(0) | std::views::transform([&pulled](int n) {
           ++pulled;
           return n;
         });
}

template <class Results>
std::vector<int> take(Results& results, std::size_t count) {
  std::vector<int> taken;
  auto each = results.begin();
  for (;;) {
    taken.push_back(*each);
    if (taken.size() == count) return taken;
    ++each;
  }
}

}  // namespace

TEST_CASE("of an endless range no more is pulled than what is taken and what is in flight") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  int pulled = 0;
  {
    auto results = pool.imap<same>(counting(pulled));
    CHECK(pulled == 0);
    CHECK(take(results, 10) == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    CHECK(pulled >= 10);
    CHECK(pulled <= 10 + 4);
  }
  const auto then = pulled;
  CHECK(pool.map<same>(std::vector<int>{1}) == std::vector<int>{1});
  CHECK(pulled == then);

  pulled = 0;
  {
    auto results = pool.imap<same>(counting(pulled), {.in_flight = 1});
    (void)take(results, 10);
    CHECK(pulled == 10);
  }
  pulled = 0;
  {
    auto results = pool.imap_unordered<same>(counting(pulled), {.chunk_size = 5, .in_flight = 1});
    (void)take(results, 10);
    CHECK(pulled == 10);
  }
}

TEST_CASE("a result that is not there holds up those behind it, and what is pulled for them") {
  troupe::actor_system system;
  auto gate = system.make_queue<int>();
  troupe::pool pool{system, {.workers = 2}};
  int pulled = 0;
  auto visitors = std::views::iota(0) | std::views::transform([&](int n) {
                    ++pulled;
                    return visitor{n, n == 0, gate};
                  });
  auto unordered = pool.imap_unordered<pass_gate>(visitors, {.in_flight = 4});
  CHECK(take(unordered, 5) == std::vector<int>{1, 2, 3, 4, 5});  // the other worker's
  gate.put(0);

  pulled = 0;
  auto ordered = pool.imap<pass_gate>(visitors, {.in_flight = 4});
  auto opener = system.spawn<[](troupe::queue<int> which) { which.put(0); }>(gate);
  CHECK(*ordered.begin() == 0);
  CHECK(pulled <= 1 + 4);
  opener.join();
}

TEST_CASE("a stream is read as far as it is asked for") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  std::istringstream in{"1 2 3 4 5 6 7 8 9 10 11 12"};
  CHECK(pool.map<same>(std::views::istream<int>(in)).size() == 12);

  std::istringstream again{"1 2 3 4 5 6 7 8 9 10 11 12"};
  auto results = pool.imap<same>(std::views::istream<int>(again), {.in_flight = 2});
  CHECK(take(results, 3) == std::vector<int>{1, 2, 3});
  int next = 0;
  again >> next;
  CHECK(next <= 3 + 2 + 1);
}

TEST_CASE("what a range throws comes behind the results of what it gave before") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  auto broken = std::views::iota(0, 20) | std::views::transform([](int n) {
                  if (n == 7) throw std::domain_error{"no seven"};
                  return n;
                });
  for (const std::size_t chunk_size : {0U, 1U, 3U, 100U}) {
    CAPTURE(chunk_size);
    CHECK_THROWS_AS(pool.map<same>(broken, {.chunk_size = chunk_size}), std::domain_error);
    std::vector<int> before;
    const auto read = [&] {
      for (const int each : pool.imap<same>(broken, {.chunk_size = chunk_size})) before.push_back(each);
    };
    CHECK_THROWS_AS(read(), std::domain_error);
    CHECK(before == std::vector<int>{0, 1, 2, 3, 4, 5, 6});
  }
}

TEST_CASE("what on_progress throws ends the map") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  const auto give_up = [](std::size_t, std::optional<std::size_t>) { throw std::runtime_error{"enough"}; };
  CHECK_THROWS_WITH(pool.map<same>(std::vector<int>(100), {.on_progress = give_up}), "enough");
  CHECK(pool.map<same>(std::vector<int>{4}) == std::vector<int>{4});
}
