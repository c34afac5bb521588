#include <troupe/pool.hpp>
#include <troupe/troupe.hpp>

#include "support/range.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <deque>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using numbers = std::vector<long>;

numbers range(long from, long to) { return support::range(from, to); }

numbers squares_of(const numbers& all) {
  numbers squares;
  for (const long n : all) squares.push_back(n * n);
  return squares;
}

// What the workers run.

long square(long n) { return n * n; }
long square_noexcept(const long& n) noexcept { return n * n; }

/// Every seventh takes long, so that those behind it are done before.
long uneven_square(long n) {
  if (n % 7 == 0) std::this_thread::sleep_for(std::chrono::milliseconds{3});
  return n * n;
}

std::size_t length(std::string_view text) { return text.size(); }
long sum(std::span<const long> all) { return std::accumulate(all.begin(), all.end(), 0L); }
std::string twice(const std::string& text) { return text + text; }
std::string moved(std::string&& text) { return std::move(text) + "!"; }
bool is_odd(int n) { return n % 2 != 0; }
void nothing(int) {}
std::string many(std::size_t size) { return std::string(size, 'x'); }
int overloaded(int n) { return n + 1; }
std::string overloaded(const std::string& text) { return text + "1"; }

struct point {
  int x = 0;
  std::optional<std::string> name;
};
point mirrored(const point& of) { return {-of.x, of.name}; }

class odd_number {};
long even_only(long n) {
  if (n % 2 != 0) throw odd_number{};
  return n;
}
long below_ten(long n) {
  if (n >= 10) throw std::out_of_range{std::to_string(n) + " is too large"};
  return n;
}

}  // namespace

TEST_CASE("results come in the order of the items, however long each takes") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 3}};
  const auto all = range(0, 100);
  CHECK(pool.map<uneven_square>(all) == squares_of(all));
  CHECK(pool.map<uneven_square>(all, {.chunk_size = 1}) == squares_of(all));
  numbers lazily;
  for (const long each : pool.imap<uneven_square>(all, {.chunk_size = 1})) lazily.push_back(each);
  CHECK(lazily == squares_of(all));
  numbers in_any_order;
  for (const long each : pool.imap_unordered<uneven_square>(all, {.chunk_size = 2}))
    in_any_order.push_back(each);
  std::sort(in_any_order.begin(), in_any_order.end());
  CHECK(in_any_order == squares_of(all));
}

TEST_CASE("the work is done by the workers, all of them, and by nobody else") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 3, .name = "crew"}};
  std::set<int> workers;
  for (const auto& worker : pool.workers()) {
    workers.insert(worker.pid());
    CHECK(worker.name().starts_with("crew-"));
  }
  CHECK(workers.size() == 3);
  const auto seen = pool.map(
      [](int) {
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
        return troupe::this_actor::pid();
      },
      std::vector<int>(60), {.chunk_size = 1});
  CHECK(std::set<int>(seen.begin(), seen.end()) == workers);
}

TEST_CASE("every number of items comes through in chunks of every size") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  for (const long items : {0, 1, 2, 7, 8, 9, 100, 1000}) {
    const auto all = range(0, items);
    for (const std::size_t chunk_size : {0U, 1U, 2U, 7U, 100U, 5000U}) {
      CAPTURE(items, chunk_size);
      CHECK(pool.map<square>(all, {.chunk_size = chunk_size}) == squares_of(all));
      numbers lazily;
      for (const long each : pool.imap<square>(all, {.chunk_size = chunk_size})) lazily.push_back(each);
      CHECK(lazily == squares_of(all));
    }
  }
  CHECK(pool.map<square>(range(0, 100'000)) == squares_of(range(0, 100'000)));
}

TEST_CASE("by default a chunk is no more than a millisecond's work") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  std::size_t chunks = 0;
  const auto take_longer = [](int n) {
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
    return n;
  };
  const auto count = [&](std::size_t, std::optional<std::size_t>) { ++chunks; };
  CHECK(pool.map(take_longer, std::vector<int>(60), {.on_progress = count}).size() == 60);
  CHECK(chunks == 60);
}

TEST_CASE("progress is told with every chunk, and by default each worker gets four of them or more") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  std::vector<std::size_t> seen;
  std::optional<std::size_t> total;
  const auto note = [&](std::size_t done, std::optional<std::size_t> of) {
    seen.push_back(done);
    total = of;
  };
  (void)pool.map<square>(range(0, 100), {.on_progress = note});
  CHECK(seen.size() >= 8);
  CHECK(seen.back() == 100);
  CHECK(total == 100);
  CHECK(std::is_sorted(seen.begin(), seen.end()));

  seen.clear();
  (void)pool.map<square>(range(0, 100), {.chunk_size = 30, .on_progress = note});
  CHECK(seen.size() == 4);

  seen.clear();
  auto unknown = range(0, 10) | std::views::filter([](long n) { return n != 5; });
  CHECK(pool.map<square>(unknown, {.chunk_size = 4, .on_progress = note}).size() == 9);
  CHECK(seen.back() == 9);
  CHECK(!total);
}

TEST_CASE("functions, lambdas and overloads are run, with parameters of every kind") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  using words = std::vector<std::string>;
  CHECK(pool.map<square_noexcept>(std::vector<int>{2, 3}) == numbers{4, 9});
  CHECK(pool.map([](int x) { return x * x; }, std::vector<int>{2, 3}) == std::vector<int>{4, 9});
  CHECK(pool.map<[](int x) { return x + 1; }>(std::vector<int>{2, 3}) == std::vector<int>{3, 4});
  CHECK(pool.map([](auto x) { return x + x; }, words{"a", "b"}) == words{"aa", "bb"});
  CHECK(pool.map<length>(std::vector<const char*>{"four", "seventh"}) == std::vector<std::size_t>{4, 7});
  CHECK(pool.map<sum>(std::vector<numbers>{{1, 2}, {3}}) == numbers{3, 3});
  CHECK(pool.map<twice>(words{"ab"}) == words{"abab"});
  CHECK(pool.map<moved>(words{"ab"}) == words{"ab!"});
  CHECK(pool.map<is_odd>(std::deque<int>{1, 2, 3}) == std::vector<bool>{true, false, true});
  CHECK(pool.map<static_cast<int (*)(int)>(overloaded)>(std::vector<int>{1}) == std::vector<int>{2});
  CHECK(pool.map<static_cast<std::string (*)(const std::string&)>(overloaded)>(words{"a"}) == words{"a1"});
  const auto mirror = pool.map<mirrored>(std::vector<point>{{3, "p"}});
  CHECK((mirror.at(0).x == -3 && mirror.at(0).name == "p"));
  pool.map<nothing>(std::set<int>{1, 2, 3});
  static_assert(std::is_void_v<decltype(pool.map<nothing>(std::vector<int>{}))>);
  std::vector<bool> lazily;
  for (const bool each : pool.imap<is_odd>(std::vector<int>{1, 2})) lazily.push_back(each);
  CHECK(lazily == std::vector<bool>{true, false});
}

TEST_CASE("results and items larger than a packet come through whole") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  const std::vector<std::size_t> sizes{0, 70'000, 10, 3'000'000, 65'536, 1'500'000};
  const auto texts = pool.map<many>(sizes, {.chunk_size = 1});
  CHECK(pool.map<length>(texts, {.chunk_size = 1}) == sizes);
  CHECK(pool.map<length>(texts, {.chunk_size = 6}) == sizes);
}

TEST_CASE("an item's exception is thrown as its own type, and says which item it was about") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  const auto all = range(0, 40);
  for (const std::size_t chunk_size : {0U, 1U, 7U, 100U}) {
    CAPTURE(chunk_size);
    try {
      (void)pool.map<below_ten>(all, {.chunk_size = chunk_size});
      FAIL("nothing was thrown");
    } catch (const std::out_of_range& problem) {
      CHECK(problem.what() == std::string{"10 is too large"});
      const auto* const where = dynamic_cast<const troupe::failed_at*>(&problem);
      REQUIRE(where != nullptr);
      CHECK(where->index() == 10);
    }
  }
  try {
    (void)pool.map<even_only>(numbers{2, 4, 5});
    FAIL("nothing was thrown");
  } catch (const troupe::remote_exception& problem) {
    CHECK_THAT(problem.type(), Catch::Contains("odd_number"));
    CHECK(problem.actor().starts_with("pool-"));
    CHECK(dynamic_cast<const troupe::failed_at&>(problem).index() == 2);
  }
  CHECK(pool.map<below_ten>(range(0, 10)) == range(0, 10));
}

TEST_CASE("where one item of imap fails, the others can be read all the same") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  for (const std::size_t chunk_size : {1U, 3U, 100U}) {
    CAPTURE(chunk_size);
    numbers good;
    std::vector<std::size_t> bad;
    auto results = pool.imap<even_only>(range(0, 9), {.chunk_size = chunk_size});
    for (auto each = results.begin(); each != results.end(); ++each) {
      try {
        good.push_back(*each);
      } catch (const troupe::failed_at& where) {
        bad.push_back(where.index());
      }
    }
    CHECK(good == numbers{0, 2, 4, 6, 8});
    CHECK(bad == std::vector<std::size_t>{1, 3, 5, 7});
  }
}
