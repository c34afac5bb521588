#include "ordinal_set.hpp"

#include <catch2/catch.hpp>

using troupe::detail::ordinal_set;

TEST_CASE("a set says which ordinals it had already") {
  ordinal_set set;
  CHECK(set.add(5));
  CHECK_FALSE(set.add(5));
  CHECK(set.contains(5));
  CHECK_FALSE(set.contains(6));
  CHECK(set.count() == 1);
}

TEST_CASE("a page that is full keeps no bits, and still knows them") {
  ordinal_set set;
  for (std::uint64_t i = 0; i < 2 * ordinal_set::page_bits; ++i) CHECK(set.add(i));
  CHECK(set.pages.at(0).empty());
  CHECK(set.pages.at(1).empty());
  CHECK(set.count() == 2 * ordinal_set::page_bits);
  CHECK(set.contains(ordinal_set::page_bits));
  CHECK_FALSE(set.add(7));
}

TEST_CASE("far apart ordinals take a page each") {
  ordinal_set set;
  CHECK(set.add(0));
  CHECK(set.add(~std::uint64_t{0}));
  CHECK(set.pages.size() == 2);
  CHECK(set.count() == 2);
}

TEST_CASE("merging counts what both have") {
  ordinal_set a;
  ordinal_set b;
  for (std::uint64_t i = 0; i < 100; ++i) (void)a.add(2 * i);
  for (std::uint64_t i = 0; i < 100; ++i) (void)b.add(3 * i);
  CHECK(a.merge(b) == 34);  // the multiples of 6 below 200
  CHECK(a.count() == 166);

  ordinal_set full;
  for (std::uint64_t i = 0; i < ordinal_set::page_bits; ++i) (void)full.add(i);
  CHECK(full.merge(b) == 100);
  CHECK(b.merge(full) == 100);
  CHECK(b.count() == ordinal_set::page_bits);
}
