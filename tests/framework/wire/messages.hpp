// A value of every family of types that travels, for the codec's tests.
#pragma once

#include <troupe/errors.hpp>
#include <troupe/message.hpp>

#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <forward_list>
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
#include <variant>
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

/// Contains itself, through a container.
struct tree {
  int value = 0;
  std::vector<tree> children;
  bool operator==(const tree&) const = default;
};
/// Without padding and without bools: its bytes are those in memory.
struct flat {
  std::int32_t a = 0;
  colour b = colour::red;
  std::uint8_t c = 0;
  std::array<std::uint16_t, 3> d{};
  std::array<point, 1> e{};
  bool operator==(const flat&) const = default;
};
struct of_everything {
  point p;
  std::array<std::array<int, 2>, 2> grid{};
  std::variant<std::monostate, int, std::string, point> one_of;
  std::optional<empty> nothing;
  std::optional<nested> inner;
  std::chrono::system_clock::time_point when;
  std::filesystem::path where;
  bool operator==(const of_everything&) const = default;
};

struct with_free_serialize {
  int x = 0;
  int y = 0;
  bool operator==(const with_free_serialize&) const = default;
};
template <class Archive>
void serialize(Archive& archive, with_free_serialize& value) {
  archive(value.y, value.x);
}

class with_private_functions {
 public:
  with_private_functions() = default;
  explicit with_private_functions(int value) : numbers_{value, -value} {}
  bool operator==(const with_private_functions& other) const {
    return numbers_[0] == other.numbers_[0] && numbers_[1] == other.numbers_[1];
  }

 private:
  friend class cereal::access;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(numbers_);
  }
  int numbers_[2] = {};  // NOLINT: a C array is the point
};

class minimal {
 public:
  minimal() = default;
  explicit minimal(std::string text) : text_{std::move(text)} {}
  bool operator==(const minimal&) const = default;
  template <class Archive>
  std::string save_minimal(const Archive&) const {
    return text_;
  }
  template <class Archive>
  void load_minimal(const Archive&, const std::string& text) {
    text_ = text;
  }

 private:
  std::string text_;
};

/// With a base that is serialized, a version, a block of bytes, and a container by cereal's own means.
class derived : public with_serialize {
 public:
  derived() = default;
  explicit derived(int value) : with_serialize{value, "base"}, more_(3, value) {}
  bool operator==(const derived&) const = default;
  template <class Archive>
  void save(Archive& archive, std::uint32_t version) const {
    archive(cereal::base_class<with_serialize>(this), version, cereal::make_size_tag(more_.size()));
    archive(cereal::binary_data(more_.data(), more_.size() * sizeof(int)));
  }
  template <class Archive>
  void load(Archive& archive, std::uint32_t /*version*/) {
    std::uint32_t written = 0;
    cereal::size_type count = 0;
    archive(cereal::base_class<with_serialize>(this), written, cereal::make_size_tag(count));
    for (more_.clear(); more_.size() < count;) more_.push_back(0);
    archive(cereal::binary_data(more_.data(), more_.size() * sizeof(int)));
  }

 private:
  std::vector<int> more_;
};

/// Writes nothing.
struct silent {
  template <class Archive>
  void serialize(Archive&) {}
  bool operator==(const silent&) const = default;
};

}  // namespace messages

CEREAL_CLASS_VERSION(messages::derived, 3)

namespace messages {

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
  use(tree{1, {{2, {}}, {3, {{4, {}}}}}});
  use(flat{1, colour::green, 2, {3, 4, 5}, {}});
  use(std::vector<flat>(3));
  use(of_everything{});
  use(of_everything{{1, 2}, {}, std::string{"chosen"}, empty{}, nested{}, {}, "/a/path"});
  use(std::vector<of_everything>(2));
  use(std::optional<of_everything>{std::in_place});
  use(std::variant<int, std::string>{7});
  use(std::variant<int, std::string>{"seven"});
  use(std::vector<std::variant<std::monostate, point>>{{}, point{1, 2}});
  use(std::monostate{});
  use(std::chrono::seconds{-3});
  use(std::chrono::duration<double, std::micro>{2.5});
  use(std::chrono::steady_clock::time_point{std::chrono::nanoseconds{77}});
  use(std::chrono::system_clock::time_point{std::chrono::seconds{1'700'000'000}});
  use(std::filesystem::path{});
  use(std::filesystem::path{"/some/where/with \xff bytes"});
  use(std::bitset<1>{1});
  use(std::bitset<70>{0x1234'5678'9abc'def0});
  use(std::complex<double>{1, -2});
  use(std::vector<std::complex<float>>{{1, 2}, {3, 4}});
  use(std::forward_list<std::string>{"one", "two"});
  use(std::array<int, 0>{});
  use(std::vector<std::array<int, 0>>(2));
  use(std::tuple<>{});
  use(std::vector<std::tuple<>>(2));
  use(std::pair<std::optional<int>, std::tuple<bool, point>>{3, {true, {1, 2}}});
  use(with_free_serialize{1, 2});
  use(with_private_functions{9});
  use(minimal{"minimal"});
  use(derived{4});
  use(std::vector<silent>(3));
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
