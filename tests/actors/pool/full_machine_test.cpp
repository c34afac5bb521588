#include "support/program.hpp"

#include <catch2/catch.hpp>

TEST_CASE("a pool that cannot replace a worker goes on with those that it has") {
  // Only a user who is not root has that limit: a driver becomes one.
  support::program driver{FULL_POOL_DRIVER_PATH, {}};
  const auto first = driver.line();
  if (first == "not run") {
    WARN("not run: this user cannot become another, and is root");
    driver.wait();
    return;
  }
  CHECK(first == "one left: 1, 1, all");
  CHECK(driver.line() == "two again: 2, all");
  CHECK(driver.line() == "one left: 1, 1, all");
  CHECK(driver.line() == "two again: 2, all");
  CHECK(driver.line() == "none: refused at fork, refused at fork");
  CHECK(driver.line() == "one again: 1, all");
  CHECK(driver.wait().code == 0);
}
