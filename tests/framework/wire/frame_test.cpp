#include "wire/frame.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

namespace {

using namespace troupe::wire;

std::vector<std::byte> made(const frame& what, std::size_t payload) {
  std::vector<std::byte> bytes(frame_size(what.header.words, payload));
  const auto room = write_frame(bytes, what);
  std::fill(room.begin(), room.end(), std::byte{0x5A});
  return bytes;
}

frame with_words(std::uint8_t words, std::uint32_t payload) {
  frame what;
  what.header.length = payload;
  what.header.words = words;
  what.header.kind = frame_kind::ask;
  what.header.sequence = 7;
  what.header.method = 0x1234'5678'9abc'def0;
  what.header.actor = 42;
  what.header.node = 3;
  what.header.incarnation = 2;
  what.header.attempt = 1;
  what.call = 11;
  what.deadline = -12;
  what.trace = 13;
  what.outside = 14;
  what.attached = 15;
  return what;
}

template <class Field>
std::vector<std::byte> with_field(std::size_t at, Field value) {
  auto bytes = made(with_words(0, 16), 16);
  std::memcpy(bytes.data() + at, &value, sizeof value);
  return bytes;
}

std::optional<frame> read(const std::span<const std::byte> bytes, std::size_t& size) {
  frame found;
  return read_frame(bytes, found, size) ? std::optional{found} : std::nullopt;
}

void refused(const std::vector<std::byte>& bytes) {
  std::size_t size = 0;
  CHECK_THROWS_AS(read(bytes, size), troupe::malformed_message);
}

}  // namespace

TEST_CASE("a frame comes back as it was, with every set of words") {
  for (unsigned words = 0; words <= known_words; ++words) {
    const bool outside = (words & outside_word) != 0;
    for (const std::uint32_t payload : {0U, 1U, 7U, 8U, 1000U}) {
      if (outside && payload != 0) continue;
      const auto sent = with_words(static_cast<std::uint8_t>(words), payload);
      const auto bytes = made(sent, payload);
      CHECK(bytes.size() % 8 == 0);
      std::size_t size = 0;
      const auto came = read(bytes, size);
      REQUIRE(came);
      CHECK(size == bytes.size());
      CHECK(std::memcmp(&came->header, &sent.header, sizeof sent.header) == 0);
      CHECK(came->call == ((words & call_word) != 0 ? 11U : 0U));
      CHECK(came->deadline == ((words & deadline_word) != 0 ? -12 : 0));
      CHECK(came->trace == ((words & trace_word) != 0 ? 13U : 0U));
      CHECK(came->outside == (outside ? 14U : 0U));
      CHECK(came->attached == ((words & attached_word) != 0 ? 15U : 0U));
      CHECK(came->payload.size() == payload);
      CHECK(std::all_of(came->payload.begin(), came->payload.end(),
                        [](auto b) { return b == std::byte{0x5A}; }));
    }
  }
}

TEST_CASE("a frame that was cut short anywhere is not whole yet") {
  auto bytes = made(with_words(call_word | trace_word, 100), 100);
  while (!bytes.empty()) {
    bytes.pop_back();
    std::size_t size = 0;
    CHECK_FALSE(read(bytes, size));
  }
}

TEST_CASE("a frame is read from the front of what came, and says where the next begins") {
  auto bytes = made(with_words(0, 5), 5);
  const auto second = made(with_words(call_word, 0), 0);
  const auto first_size = bytes.size();
  bytes.insert(bytes.end(), second.begin(), second.end());
  std::size_t size = 0;
  REQUIRE(read(bytes, size)->payload.size() == 5);
  CHECK(size == first_size);
  CHECK(read(std::span{bytes}.subspan(size), size)->call == 11);
}

TEST_CASE("a frame longer than its limit is refused before anything is kept for it") {
  refused(with_field(0, static_cast<std::uint32_t>(max_inside_payload + 1)));
  refused(with_field(0, std::uint32_t{0xFFFF'FFFF}));
  std::size_t size = 0;
  CHECK_FALSE(read(with_field(0, static_cast<std::uint32_t>(max_inside_payload)), size));
}

TEST_CASE("a frame of another version, an unknown kind or with unknown words is refused, by name") {
  refused(with_field(4, std::uint8_t{0}));
  refused(with_field(4, std::uint8_t{2}));
  refused(with_field(5, std::uint8_t{0}));
  refused(with_field(5, std::uint8_t{5}));
  refused(with_field(5, std::uint8_t{255}));
  refused(with_field(6, std::uint8_t{32}));
  refused(with_field(6, std::uint8_t{255}));
  std::size_t size = 0;
  CHECK_THROWS_WITH(read(with_field(4, std::uint8_t{9}), size), Catch::Contains("version is 9"));
}

TEST_CASE("a frame with no shared memory beside it, or with more than there can be, is refused") {
  for (const std::uint64_t count : {std::uint64_t{0}, std::uint64_t{17}, ~std::uint64_t{0}}) {
    auto sent = with_words(attached_word, 0);
    sent.attached = count;
    refused(made(sent, 0));
  }
}

TEST_CASE("a frame cannot have a payload inside and one outside") {
  refused(made(with_words(outside_word, 8), 8));
}

TEST_CASE("a frame with any byte changed is read or refused, and never reaches behind its end") {
  const auto good = made(with_words(call_word | deadline_word, 64), 64);
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const unsigned value : {0U, 1U, 0x7FU, 0x80U, 0xFFU}) {
      auto bytes = good;
      bytes[at] = static_cast<std::byte>(value);
      std::size_t size = 0;
      try {
        const auto came = read(bytes, size);
        if (came) CHECK(came->payload.data() + came->payload.size() <= bytes.data() + bytes.size());
      } catch (const troupe::malformed_message&) {
      }
    }
  }
}
