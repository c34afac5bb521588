#include "actors/manager/like_names.hpp"

#include <troupe/troupe.hpp>

#include <catch2/catch.hpp>

namespace like_names {
namespace {
// The same names as in the other file.
int change(int& value) { return value += 10; }
struct pair {
  int first = 1;
  std::string second = "of the first file";
};
}  // namespace
}  // namespace like_names

TEST_CASE("updates and records of like names in two files are told apart") {
  troupe::actor_system system;
  troupe::manager manager{system};
  const auto dict = manager.make_dict<std::string, int>({{"a", 1}});
  CHECK(dict.update<like_names::change>("a") == 11);
  CHECK(dict.update("a", [](int& value) { return value = 100; }) == 100);
  const auto record = manager.make_record(like_names::pair{});
  CHECK(record.get<&like_names::pair::second>() == "of the first file");
  CHECK(like_names::those_of_the_second_file(manager) == std::vector<int>{21, 200, 2});
  CHECK(record.get<&like_names::pair::first>() == 1);
}
