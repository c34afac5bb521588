// A value of every family of types that travels, for the codec's tests.
#pragma once

#include <troupe/errors.hpp>
#include <troupe/message.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace messages {

enum class colour : std::uint8_t { red, green };
enum plain_enum { zero, one };

struct empty {
  bool operator==(const empty&) const = default;
};
struct point {
  int x = 0;
  double y = 0;
  bool operator==(const point&) const = default;
};
struct nested {
  std::string name;
  std::vector<point> points;
  std::optional<point> centre;
  std::array<colour, 3> colours{};
  std::map<std::string, std::vector<empty>> index;
  bool operator==(const nested&) const = default;
};

class with_serialize {
 public:
  with_serialize() = default;
  with_serialize(int number, std::string text) : number_{number}, text_{std::move(text)} {}
  bool operator==(const with_serialize&) const = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(number_), text_, inner_);
  }

 private:
  int number_ = 0;
  std::string text_;
  point inner_{1, 2};
};

/// Aggregate, but its serialize wins: `y` does not travel.
struct serialized_aggregate {
  int x = 0;
  int y = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(x);
  }
  bool operator==(const serialized_aggregate&) const = default;
};

class with_save_and_load {
 public:
  with_save_and_load() = default;
  explicit with_save_and_load(int value) : value_{value} {}
  bool operator==(const with_save_and_load&) const = default;
  template <class Archive>
  void save(Archive& archive) const {
    archive(-value_);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(value_);
    value_ = -value_;
  }

 private:
  int value_ = 0;
};

template <class T>
using limits = std::numeric_limits<T>;

/// Calls `use` with a value of each family.
template <class Use>
void for_each(Use&& use) {
  use(true);
  use('c');
  use(static_cast<signed char>(-1));
  use(limits<std::int16_t>::min());
  use(limits<std::uint64_t>::max());
  use(limits<std::int64_t>::min());
  use(1.5F);
  use(-0.25);
  use(limits<long double>::max());
  use(colour::green);
  use(one);
  use(std::string{});
  use(std::string{"text with a \0 in it", 19});
  use(std::u16string{u"sixteen"});
  use(std::vector<int>{1, 2, 3});
  use(std::vector<int>{});
  use(std::vector<bool>{true, false, true});
  use(std::vector<std::string>{"a", "", "ccc"});
  use(std::vector<std::vector<double>>{{1.5}, {}, {2, 3}});
  use(std::vector<colour>{colour::red, colour::green});
  use(std::vector<empty>(3));
  use(std::deque<int>{4, 5});
  use(std::list<std::string>{"list"});
  use(std::set<int>{3, 1, 2});
  use(std::multiset<int>{1, 1});
  use(std::unordered_set<std::string>{"x", "y"});
  use(std::map<std::string, int>{{"a", 1}, {"b", 2}});
  use(std::multimap<int, int>{{1, 1}, {1, 2}});
  use(std::unordered_map<int, std::vector<std::string>>{{7, {"seven"}}});
  use(std::array<int, 3>{1, 2, 3});
  use(std::array<std::string, 2>{"first", "second"});
  use(std::array<bool, 2>{true, false});
  use(std::pair<int, std::string>{1, "pair"});
  use(std::tuple<int, std::string, point>{1, "tuple", {3, 4}});
  use(std::optional<int>{});
  use(std::optional<std::string>{"there"});
  use(std::optional<std::vector<point>>{{{1, 2}}});
  use(std::chrono::milliseconds{1500});
  use(empty{});
  use(point{1, 2.5});
  use(nested{"n", {{1, 2}, {3, 4}}, point{5, 6}, {colour::green}, {{"k", std::vector<empty>(2)}}});
  use(with_serialize{5, "serialized"});
  use(with_save_and_load{6});
  use(std::vector<with_serialize>{{1, "a"}, {2, "b"}});
  use(std::map<int, nested>{{1, {"inside", {}, {}, {}, {}}}});
}

template <class T>
std::vector<std::byte> encoded(const T& value) {
  troupe::detail::byte_writer measure;
  troupe::detail::encode(measure, value);
  std::vector<std::byte> bytes(measure.size());
  troupe::detail::byte_writer out{bytes};
  troupe::detail::encode(out, value);
  return bytes;
}

}  // namespace messages
