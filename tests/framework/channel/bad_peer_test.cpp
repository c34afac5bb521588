// The other end lies: this end gets an error, and nothing worse.
#include <troupe/errors.hpp>

#include "framework/channel/ends.hpp"

#include <random>

using namespace ends;

namespace {

struct packet {
  std::uint64_t kind = 1;
  std::uint64_t position = 0;
  std::vector<std::byte> bytes{};
};

/// A receiver whose sender is in the test's hands.
struct victim : parts {
  ch::page own_b{page_b};
  ch::channel b{own_b, for_b()};
  ch::page own_a{page_a};
  ch::journal forth_{forth, platform::access::read_write};

  void send(const packet& what, std::span<const int> descriptors = {}) {
    const std::array<std::uint64_t, 2> header{what.kind, what.position};
    REQUIRE(platform::send_packet(socket_a.get(), {std::as_bytes(std::span{header}), what.bytes},
                                  descriptors) == platform::send_result::sent);
  }
  /// A packet of bytes of the journal, as an honest sender announces it.
  void send_bytes(const std::vector<std::byte>& bytes, std::uint64_t position = 0) {
    forth_.header().sent.store(position + bytes.size());
    own_a.publish_head(slot_of_a, position + bytes.size());
    send({1, position, bytes});
  }
  void pump() {
    b.pump([](ch::message&&) {});
  }
  void refuses() { CHECK_THROWS_AS(pump(), troupe::malformed_message); }
};

std::vector<std::byte> frame_of(std::uint64_t sequence, std::uint8_t words = 0, std::uint64_t outside = 0) {
  troupe::wire::frame what;
  what.header.sequence = sequence;
  what.header.words = words;
  what.outside = outside;
  std::vector<std::byte> bytes(troupe::wire::frame_size(words, 0));
  troupe::wire::write_frame(bytes, what);
  return bytes;
}

}  // namespace

TEST_CASE("a packet of an unknown kind is refused") {
  victim v;
  v.send({GENERATE(0U, 4U, 1'000'000U)});
  v.refuses();
}

TEST_CASE("a packet that is shorter than its header is refused") {
  victim v;
  const std::byte one{1};
  REQUIRE(platform::send_packet(v.socket_a.get(), {{&one, 1}}) == platform::send_result::sent);
  v.refuses();
}

TEST_CASE("bytes that do not continue where the last ones ended are refused") {
  victim v;
  v.send_bytes(frame_of(1));
  v.pump();
  v.send({1, GENERATE(std::uint64_t{0}, std::uint64_t{8}, ~std::uint64_t{0}), frame_of(2)});
  v.refuses();
}

TEST_CASE("a frame out of its turn is refused") {
  victim v;
  v.send_bytes(frame_of(GENERATE(0U, 2U, 77U)));
  v.refuses();
}

TEST_CASE("a head where none can be is refused") {
  const auto head = GENERATE(~std::uint64_t{0}, std::uint64_t{1} << 40, std::uint64_t{128 * 1024 + 8});
  victim v;
  v.own_a.publish_head(slot_of_a, head);
  v.refuses();
}

TEST_CASE("a head that goes back is refused") {
  victim v;
  v.send_bytes(frame_of(1));
  v.pump();
  v.own_a.publish_head(slot_of_a, 8);
  v.refuses();
}

TEST_CASE("a payload that is announced and does not come, or is smaller than it was said to be, is refused") {
  SECTION("no descriptor") {
    victim v;
    v.send({3, 1});
    v.refuses();
  }
  SECTION("too many descriptors") {
    victim v;
    const auto memory = platform::create_shared_memory("test", 100);
    const std::array two{memory.get(), memory.get()};
    v.send({3, 1}, two);
    v.refuses();
  }
  SECTION("too small") {
    victim v;
    const auto memory = platform::create_shared_memory("test", 100);
    const std::array one{memory.get()};
    v.send({3, 1}, one);
    v.send_bytes(frame_of(1, troupe::wire::outside_word, 1'000'000));
    v.refuses();
  }
  SECTION("not memory at all, or memory that can shrink under the reader") {
    victim v;
    const std::array one{v.socket_a.get()};
    v.send({3, 1}, one);
    v.send_bytes(frame_of(1, troupe::wire::outside_word, 100));
    v.refuses();
  }
}

TEST_CASE("a frame that is cut waits, and what lies behind it is not taken for one") {
  victim v;
  auto bytes = frame_of(1);
  bytes.resize(bytes.size() - 8);
  v.send_bytes(bytes);
  v.b.pump([](ch::message&&) { FAIL("half a frame"); });
}

TEST_CASE("a packet larger than any of ours is refused") {
  victim v;
  v.send_bytes(std::vector<std::byte>(100'000));
  v.refuses();
}

TEST_CASE("noise in packets and in the journal is refused or waits") {
  std::mt19937 random{7};
  for (int round = 0; round < 300; ++round) {
    victim v;
    packet noise{1, 0, std::vector<std::byte>(random() % 3000)};
    for (auto& byte : noise.bytes) byte = static_cast<std::byte>(random() % (round % 2 == 0 ? 256 : 4));
    if (round % 3 != 0) {
      v.send(noise);
    } else {
      std::copy(noise.bytes.begin(), noise.bytes.end(), v.forth_.at(0, noise.bytes.size()).begin());
      v.own_a.publish_head(slot_of_a, noise.bytes.size());
    }
    try {
      v.pump();
    } catch (const troupe::malformed_message&) {
    }
  }
}

TEST_CASE("figures of the receiver's that cannot be are not believed by the sender") {
  parts memory{128 * 1024, 4};
  ch::page own_a{memory.page_a}, own_b{memory.page_b};
  ch::channel a{own_a, memory.for_a()};
  for (int i = 0; i < 4; ++i) REQUIRE(append(a, "x"));
  a.publish();
  own_b.publish_finished(slot_of_b, {100, 64});
  CHECK_FALSE(append(a, "x"));
  own_b.publish_finished(slot_of_b, {2, 1'000'000});
  CHECK_FALSE(append(a, "x"));
}
