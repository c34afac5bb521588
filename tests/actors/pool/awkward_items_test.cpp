// Items and results whose own functions fail: each fails alone, and the pool goes on.
#include <troupe/pool.hpp>
#include <troupe/troupe.hpp>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <signal.h>
#include <stdexcept>
#include <unistd.h>
#include <vector>

namespace {

enum class fault { none, save_throws, load_throws, load_exits, load_crashes };

/// Does what it says, on the way there.
struct item {
  int number = 0;
  fault where = fault::none;

  template <class Archive>
  void save(Archive& archive) const {
    if (where == fault::save_throws) throw std::range_error{"cannot be saved"};
    archive(number, where);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(number, where);
    if (where == fault::load_throws) throw std::range_error{"cannot be loaded"};
    if (where == fault::load_exits) ::_exit(5);
    if (where == fault::load_crashes) ::raise(SIGSEGV);
  }
};

int number_of(const item& given) { return given.number; }

/// Saves or loads with a fault on the way back.
struct result {
  int number = 0;
  bool throws = false;
  template <class Archive>
  void save(Archive& archive) const {
    if (throws) throw std::range_error{"cannot be saved"};
    archive(number);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(number);
  }
};
result made_of(int number) { return {number, number == 2}; }
int same(int n) { return n; }

}  // namespace

TEST_CASE("a call whose argument cannot be sent or read ends with an error, and the next is made") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  CHECK_THROWS_AS(pool.submit<number_of>(item{1, fault::save_throws}).get(), std::range_error);
  CHECK_THROWS_AS(pool.submit<number_of>(item{1, fault::load_throws}).get(), troupe::refused_message);
  CHECK_THROWS_AS(pool.submit<number_of>(item{1, fault::load_exits}).get(), troupe::actor_down);
  CHECK_THROWS_AS(pool.submit<number_of>(item{1, fault::load_crashes}).get(), troupe::actor_down);
  CHECK_THROWS_AS(pool.submit<made_of>(2).get(), std::range_error);
  CHECK(pool.submit<made_of>(3).get().number == 3);
  CHECK(pool.submit<number_of>(item{7}).get() == 7);
}

TEST_CASE("of many items each that cannot travel fails alone") {
  troupe::actor_system system;
  troupe::pool pool{system, {.workers = 2}};
  const std::vector<item> items{
      {0}, {1, fault::load_throws}, {2}, {3, fault::load_exits}, {4, fault::load_crashes}, {5}};
  const auto all = pool.try_map<number_of>(items);
  REQUIRE(all.size() == 6);
  CHECK(all[0].value() == 0);
  CHECK_THROWS_AS(all[1].value(), troupe::refused_message);
  CHECK(all[2].value() == 2);
  CHECK_THROWS_AS(all[3].value(), troupe::actor_down);
  CHECK_THROWS_AS(all[4].value(), troupe::actor_down);
  CHECK(all[5].value() == 5);

  CHECK_THROWS_AS(pool.map<number_of>(std::vector<item>{{0}, {1, fault::save_throws}}), std::range_error);
  const auto back = pool.try_map<made_of>(std::vector<int>{1, 2, 3});
  CHECK(back[0].value().number == 1);
  CHECK_THROWS_AS(back[1].value(), std::range_error);
  CHECK(back[2].value().number == 3);
  CHECK(pool.map<same>(std::vector<int>{1, 2}) == std::vector<int>{1, 2});
}
