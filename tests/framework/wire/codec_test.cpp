#include "framework/wire/messages.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string_view>

using namespace messages;
using troupe::detail::byte_reader;
using troupe::detail::byte_writer;
using troupe::detail::decode;

TEST_CASE("every family of types comes back as it was, in exactly its own bytes") {
  for_each([]<class T>(const T& value) {
    const auto bytes = encoded(value);
    byte_reader in{bytes, nullptr};
    INFO(__PRETTY_FUNCTION__);
    CHECK((decode<T>(in) == value));
    CHECK(in.left() == 0);
    STATIC_REQUIRE(troupe::message<T>);
  });
}

TEST_CASE("a user's serialize wins over the fields of an aggregate") {
  const auto bytes = encoded(serialized_aggregate{1, 2});
  byte_reader in{bytes, nullptr};
  CHECK(decode<serialized_aggregate>(in) == serialized_aggregate{1, 0});
}

TEST_CASE("a class's version is given to its functions") {
  const auto bytes = encoded(derived{4});
  byte_reader in{bytes, nullptr};
  static_cast<void>(decode<with_serialize>(in));
  CHECK(decode<std::uint32_t>(in) == 3);
}

TEST_CASE("aggregates without padding are one block, and the same bytes as their fields one by one") {
  const flat value{1, colour::green, 2, {3, 4, 5}, {}};
  STATIC_REQUIRE(troupe::detail::is_flat<std::array<int, 3>>());
  STATIC_REQUIRE_FALSE(troupe::detail::is_flat<point>());
  STATIC_REQUIRE_FALSE(troupe::detail::is_flat<bool>());
  auto one_by_one = encoded(value.a);
  const auto add = [&](const auto& part) {
    const auto more = encoded(part);
    one_by_one.insert(one_by_one.end(), more.begin(), more.end());
  };
  add(value.b), add(value.c), add(value.d), add(value.e);
  CHECK(encoded(value) == one_by_one);
}

TEST_CASE("a type that contains itself is nested as deep as is reasonable, and no deeper") {
  const auto nested_to = [](std::size_t levels) {
    tree value;
    for (std::size_t i = 0; i < levels; ++i) value = tree{1, {std::move(value)}};
    return encoded(value);
  };
  const auto fits = nested_to(byte_reader::most_levels - 1);
  byte_reader in{fits, nullptr};
  CHECK(decode<tree>(in).value == 1);
  const auto too_deep = nested_to(byte_reader::most_levels);
  byte_reader deep{too_deep, nullptr};
  CHECK_THROWS_WITH(decode<tree>(deep), Catch::Contains("nested deeper than 500 levels"));
}

TEST_CASE("a variant's index is checked") {
  auto bytes = encoded(std::variant<int, std::string>{5});
  bytes[0] = std::byte{2};
  byte_reader in{bytes, nullptr};
  CHECK_THROWS_WITH((decode<std::variant<int, std::string>>(in)),
                    Catch::Contains("alternative 2 of a variant of 2"));
}

TEST_CASE("a variant that lost its value is not sent") {
  struct thrower {
    operator nested() const { throw std::runtime_error{"no value"}; }  // NOLINT
  };
  std::variant<std::string, nested> value{"text"};
  CHECK_THROWS(value.emplace<1>(thrower{}));
  REQUIRE(value.valueless_by_exception());
  CHECK_THROWS_AS(encoded(value), troupe::malformed_message);
}

TEST_CASE("views are read in place") {
  const auto bytes = encoded(std::string{"in place"});
  byte_reader in{bytes, nullptr};
  const auto view = decode<std::string_view>(in);
  CHECK(view == "in place");
  CHECK(reinterpret_cast<const std::byte*>(view.data()) == bytes.data() + 8);
}

TEST_CASE("what refers to memory does not travel") {
  STATIC_REQUIRE_FALSE(troupe::message<int*>);
  STATIC_REQUIRE_FALSE(troupe::message<int&>);
  STATIC_REQUIRE_FALSE(troupe::message<std::unique_ptr<int>>);
  STATIC_REQUIRE_FALSE(troupe::message<std::shared_ptr<int>>);
  STATIC_REQUIRE_FALSE(troupe::message<std::vector<int*>>);
  STATIC_REQUIRE_FALSE(troupe::message<std::map<int, std::unique_ptr<int>>>);
  STATIC_REQUIRE_FALSE(troupe::message<std::optional<std::shared_ptr<int>>>);
  STATIC_REQUIRE_FALSE(troupe::message<std::tuple<int, int*>>);
  STATIC_REQUIRE_FALSE(troupe::message<std::variant<int, std::shared_ptr<int>>>);
  STATIC_REQUIRE_FALSE(troupe::message<std::string_view>);
  STATIC_REQUIRE_FALSE(troupe::message<std::vector<std::string_view>>);
}

TEST_CASE("a bool is true or false whatever byte came") {
  const std::byte odd{0xA7};
  byte_reader in{{&odd, 1}, nullptr};
  CHECK(static_cast<int>(decode<bool>(in)) == 1);
}

TEST_CASE("a value that grows between measuring and writing is refused, not written over the end") {
  std::vector<std::byte> room(3);
  byte_writer out{room};
  CHECK_THROWS_AS(troupe::detail::encode(out, 12345), troupe::malformed_message);
}
