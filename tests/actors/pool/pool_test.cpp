#include <troupe/pool.hpp>
#include <troupe/troupe.hpp>

#include <catch2/catch.hpp>
#include <numeric>
#include <vector>

namespace {
long square(long n) { return n * n; }
}
TEST_CASE("results come in order") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 3}};
  std::vector<long> xs(100);
  std::iota(xs.begin(), xs.end(), 0);
  auto r = pool.map<square>(xs);
  REQUIRE(r.size() == 100);
  for (long i = 0; i < 100; ++i) CHECK(r[static_cast<std::size_t>(i)] == i * i);
  auto l = pool.map([](int x) { return x + 1; }, xs);
  CHECK(l[99] == 100);
  int n = 0;
  for (long v : pool.imap<square>(xs)) { CHECK(v == n * n); ++n; }
  CHECK(n == 100);
}
