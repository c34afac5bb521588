// Bytes that no message of ours has: each gets an error, and none costs memory that was not sent.
#include "framework/wire/allocations.hpp"
#include "framework/wire/messages.hpp"

#include <catch2/catch.hpp>
#include <random>

namespace {

// What decoding one message may ask for: its values are larger in memory than on the wire, but by no more than this.
std::size_t allowance(std::size_t message) { return 64 * message + 4096; }

using namespace messages;
using troupe::detail::byte_reader;
using troupe::detail::decode;

/// Decodes; true where it was refused. Any other exception, or a crash, fails the test.
template <class T>
bool is_refused(const std::vector<std::byte>& bytes) {
  const auto before = bytes_allocated();
  bool refused = false;
  try {
    byte_reader in{bytes, nullptr};
    T value{};  // not by value: a plain enumeration may hold what it must not be read as
    troupe::detail::decode_into(in, value);
  } catch (const troupe::malformed_message&) {
    refused = true;
  }
  if (bytes_allocated() - before > allowance(bytes.size()))
    FAIL(bytes_allocated() - before << " bytes of memory for a message of " << bytes.size());
  return refused;
}

std::vector<std::byte> lying_count(std::uint64_t count, std::size_t bytes_that_follow) {
  auto bytes = encoded(count);
  bytes.resize(bytes.size() + bytes_that_follow);
  return bytes;
}

struct wide {
  std::array<char, 4096> bytes{};
};

}  // namespace

TEST_CASE("a message that was cut anywhere is refused") {
  for_each([]<class T>(const T& value) {
    auto bytes = encoded(value);
    INFO(__PRETTY_FUNCTION__);
    while (!bytes.empty()) {
      bytes.pop_back();
      CHECK(is_refused<T>(bytes));
    }
  });
}

TEST_CASE("a message that goes on behind its end leaves bytes, which the caller sees") {
  for_each([]<class T>(const T& value) {
    auto bytes = encoded(value);
    bytes.resize(bytes.size() + 5);
    byte_reader in{bytes, nullptr};
    CHECK((decode<T>(in) == value));
    CHECK(in.left() == 5);
  });
}

TEST_CASE("any flipped bit gives some value or an error") {
  for_each([]<class T>(const T& value) {
    const auto bytes = encoded(value);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      auto flipped = bytes;
      flipped[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      is_refused<T>(flipped);
    }
  });
}

TEST_CASE("noise gives some value or an error") {
  std::mt19937 random{20240229};
  for_each([&]<class T>(const T&) {
    for (int round = 0; round < 200; ++round) {
      std::vector<std::byte> noise(random() % 200);
      for (auto& byte : noise) byte = static_cast<std::byte>(random() % (round % 2 == 0 ? 256 : 3));
      is_refused<T>(noise);
    }
  });
}

TEST_CASE("a count that lies costs nothing") {
  const std::uint64_t count = GENERATE(std::uint64_t{1000}, std::uint64_t{1} << 32, std::uint64_t{1} << 61,
                                       (std::uint64_t{1} << 61) + 1, limits<std::uint64_t>::max());
  const std::size_t room = GENERATE(0U, 1U, 100U, 999U);
  const auto bytes = lying_count(count, room);
  CHECK(is_refused<std::string>(bytes));
  CHECK(is_refused<std::u16string>(bytes));
  CHECK(is_refused<std::vector<int>>(bytes));
  CHECK(is_refused<std::vector<bool>>(bytes));
  CHECK(is_refused<std::vector<std::string>>(bytes));
  CHECK(is_refused<std::vector<empty>>(bytes));
  CHECK(is_refused<std::deque<std::string>>(bytes));
  CHECK(is_refused<std::list<point>>(bytes));
  CHECK(is_refused<std::map<int, int>>(bytes));
  CHECK(is_refused<std::unordered_map<int, int>>(bytes));
  CHECK(is_refused<std::set<std::string>>(bytes));
  CHECK(is_refused<std::unordered_set<int>>(bytes));
}

TEST_CASE("a count that is possible in bytes, but not in elements of that size, costs nothing") {
  const auto bytes = lying_count(8000, 8000);
  CHECK(is_refused<std::vector<wide>>(bytes));
  CHECK(is_refused<std::deque<wide>>(bytes));
  CHECK(is_refused<std::list<wide>>(bytes));
  CHECK(is_refused<std::vector<std::array<std::string, 100>>>(bytes));
}
