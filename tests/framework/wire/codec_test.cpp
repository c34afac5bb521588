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
