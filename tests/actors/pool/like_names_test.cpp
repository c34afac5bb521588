#include "actors/pool/like_names.hpp"

#include <troupe/troupe.hpp>

#include <catch2/catch.hpp>

namespace like_names {
namespace {
// The same names as in the other file.
int work(int n) { return n + 10; }
int by_lambda(troupe::pool& pool, const std::vector<int>& items) {
  return pool.map([](int n) { return n + 100; }, items).front();
}
}  // namespace
}  // namespace like_names

TEST_CASE("tasks of like names in two files are told apart") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 1}};
  const std::vector<int> one{1};
  CHECK(pool.map<like_names::work>(one).front() == 11);
  CHECK(like_names::by_lambda(pool, one) == 101);
  CHECK(pool.submit<like_names::work>(1).get() == 11);
  CHECK(*pool.imap<like_names::work>(one).begin() == 11);
  CHECK(like_names::those_of_the_second_file(pool) == std::vector<int>{21, 201, 21, 21});
}
