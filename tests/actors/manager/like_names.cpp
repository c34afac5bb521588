#include "actors/manager/like_names.hpp"

namespace like_names {
namespace {
// The same names as in the other file.
int change(int& value) { return value += 20; }
struct pair {
  std::string first = "of the second file";
  int second = 2;
};
}  // namespace

std::vector<int> those_of_the_second_file(troupe::manager& manager) {
  const auto dict = manager.make_dict<std::string, int>({{"a", 1}});
  const int by_function = dict.update<change>("a");
  const int by_lambda = dict.update("a", [](int& value) { return value = 200; });
  const auto record = manager.make_record(pair{});
  return {by_function, by_lambda, record.get<&pair::second>()};
}

}  // namespace like_names
