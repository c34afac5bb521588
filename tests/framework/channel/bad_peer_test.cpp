// The other end lies: this end gets an error, and nothing worse.
#include <troupe/detail/shared_memory.hpp>
#include <troupe/errors.hpp>

#include "framework/channel/ends.hpp"

#include <atomic>
#include <cstring>
#include <functional>
#include <random>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

using namespace ends;

namespace {

platform::descriptor growing_memory(std::size_t size) {
  auto memory = platform::descriptor::adopt(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE(::ftruncate(memory.get(), static_cast<off_t>(size)) == 0);
  return memory;
}

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
  ch::journal forth_ = forth();

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

std::vector<std::byte> frame_of(std::uint64_t sequence, std::uint8_t words = 0, std::uint64_t outside = 0,
                                std::uint64_t attached = 0) {
  troupe::wire::frame what;
  what.header.sequence = sequence;
  what.header.words = words;
  what.outside = outside;
  what.attached = attached;
  std::vector<std::byte> bytes(troupe::wire::frame_size(words, 0));
  troupe::wire::write_frame(bytes, what);
  return bytes;
}

}  // namespace

TEST_CASE("a packet of an unknown kind is refused") {
  victim v;
  v.send({GENERATE(0U, 5U, 1'000'000U)});
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
    v.send_bytes(frame_of(1, troupe::wire::outside_word, 100));
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

TEST_CASE("shared memory that is not what the frame says, or not safe to map, is refused") {
  victim v;
  const auto memory = platform::create_shared_memory("test", 4096);
  const auto send = [&](std::vector<int> descriptors, std::uint64_t attached) {
    v.send({3, 1}, descriptors);
    v.send_bytes(frame_of(1, troupe::wire::attached_word, 0, attached));
  };
  SECTION("fewer than announced") { send({memory.get()}, 2); }
  SECTION("more than announced") { send({memory.get(), memory.get()}, 1); }
  SECTION("no memory at all") { send({v.socket_a.get()}, 1); }
  SECTION("memory that can shrink under its reader") { send({growing_memory(4096).get()}, 1); }
  SECTION("memory of no size") { send({platform::create_shared_memory("test", 0).get()}, 1); }
  SECTION("a payload besides that is not announced") {
    v.send({3, 1}, std::array{memory.get()});
    v.send_bytes(frame_of(1, troupe::wire::attached_word | troupe::wire::outside_word, 100, 1));
  }
  v.refuses();
}

TEST_CASE("more descriptors than honest senders have under way are refused") {
  victim v;
  const auto memory = platform::create_shared_memory("test", 4096);
  const std::vector<int> many(16, memory.get());
  const auto flood = [&] {
    for (std::uint64_t sequence = 1; sequence <= 20; ++sequence) {
      v.send({3, sequence}, many);
      v.pump();
    }
  };
  CHECK_THROWS_AS(flood(), troupe::malformed_message);
}

TEST_CASE("shared memory beside a frame comes with it") {
  victim v;
  const auto memory = platform::create_shared_memory("test", 4096);
  v.send({3, 1}, std::array{memory.get(), memory.get()});
  v.send_bytes(frame_of(1, troupe::wire::attached_word, 0, 2));
  int came = 0;
  v.b.pump([&](ch::message&& one) {
    ++came;
    REQUIRE(one.attached != nullptr);
    REQUIRE(one.attached->size() == 2);
    CHECK(one.attached->front() == one.attached->back());  // the same memory, mapped once
    CHECK(one.attached->front()->bytes().size() == 4096);
  });
  CHECK(came == 1);
}

TEST_CASE("a frame that is cut waits, and what lies behind it is not taken for one") {
  victim v;
  auto bytes = frame_of(1);
  bytes.resize(bytes.size() - 8);
  v.send_bytes(bytes);
  v.b.pump([](ch::message&&) { FAIL("half a frame"); });
}

TEST_CASE("a large frame that is out of its turn is refused, one that is not all there waits") {
  victim v;
  v.b.keep_in_place();
  constexpr std::size_t size = 20'000;
  troupe::wire::frame what;
  what.header.kind = troupe::wire::frame_kind::tell;
  what.header.sequence = 1;
  what.header.length = size;
  const auto show = [&] {
    const auto whole = troupe::wire::frame_size(0, size);
    troupe::wire::write_frame(v.forth_.at(0, whole), what);
    v.own_a.publish_head(slot_of_a, whole);
  };
  SECTION("out of its turn") {
    what.header.sequence = 2;
    show();
    v.refuses();
  }
  SECTION("longer than what is there") {
    what.header.length = troupe::wire::max_inside_payload;
    show();
    v.b.pump([](ch::message&&) { FAIL("not all of it is there"); });
  }
  SECTION("of an unknown version") {
    what.header.version = 9;
    show();
    v.refuses();
  }
  SECTION("as it should be") {
    show();
    std::size_t came = 0;
    v.b.pump([&](ch::message&& one) { came += one.frame.payload.size(); });
    CHECK(came == size);
  }
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
  own_b.publish_finished(slot_of_b, {4, 1'000'000});  // as if nothing were unfinished
  CHECK_FALSE(append(a, "x"));
}

namespace {

/// A frame with one thing wrong.
std::vector<std::byte> twisted(const std::function<void(troupe::wire::frame_header&)>& twist,
                               std::size_t more = 0) {
  auto bytes = frame_of(1);
  troupe::wire::frame_header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  twist(header);
  std::memcpy(bytes.data(), &header, sizeof header);
  bytes.resize(bytes.size() + more);
  return bytes;
}
using header = troupe::wire::frame_header;

/// Memory as a journal's or a page's, with one word of its front changed.
platform::descriptor changed(platform::descriptor memory, std::size_t at, std::uint64_t to) {
  auto mapped = platform::mapping::map(memory, platform::access::read_write, 0, 4096);
  std::memcpy(mapped.bytes().data() + at, &to, sizeof to);
  return memory;
}

}  // namespace

TEST_CASE("each field of a frame's header that means something is checked") {
  const auto twist = GENERATE(
      as<void (*)(header&)>{},                                             //
      [](header& h) { h.version = 0; },                                    //
      [](header& h) { h.version = 2; },                                    //
      [](header& h) { h.kind = troupe::wire::frame_kind{0}; },             //
      [](header& h) { h.kind = troupe::wire::frame_kind{255}; },           //
      [](header& h) { h.words = 0x80; },                                   //
      [](header& h) { h.words = 0xff; },                                   //
      [](header& h) { h.length = troupe::wire::max_inside_payload + 1; },  //
      [](header& h) { h.length = ~0U; },                                   //
      [](header& h) { h.sequence = 0; },                                   //
      [](header& h) { h.sequence = ~std::uint64_t{0}; },                   //
      [](header& h) {
        h.words = troupe::wire::outside_word;
        h.length = 8;
      });
  victim v;
  v.send_bytes(twisted(twist, 64));
  v.refuses();
}

TEST_CASE("a frame whose words or payload are not all there waits for them, and takes nothing for them") {
  const auto twist = GENERATE(
      as<void (*)(header&)>{},                               //
      [](header& h) { h.length = 1000; },                    //
      [](header& h) { h.words = troupe::wire::call_word; },  //
      [](header& h) { h.words = troupe::wire::trace_word; });
  victim v;
  v.send_bytes(twisted(twist));
  v.b.pump([](ch::message&&) { FAIL("a frame without its end"); });
}

TEST_CASE("an outside payload must be sealed memory of the size that its frame says") {
  victim v;
  platform::descriptor memory;
  std::uint64_t said = 4096;
  SECTION("that can still be written to") { memory = platform::create_shared_memory("test", 4096); }
  SECTION("that can shrink") { memory = growing_memory(4096); }
  SECTION("of no bytes") {
    memory = platform::create_shared_memory("test", 4096);
    platform::seal_writes(memory);
    said = 0;
  }
  SECTION("one byte short") {
    memory = platform::create_shared_memory("test", 4095);
    platform::seal_writes(memory);
  }
  SECTION("of a size that no memory has") {
    memory = platform::create_shared_memory("test", 4096);
    platform::seal_writes(memory);
    said = ~std::uint64_t{0};
  }
  SECTION("that is a socket") { memory = platform::packet_pair().first; }
  const std::array one{memory.get()};
  v.send({3, 1}, one);
  v.send_bytes(frame_of(1, troupe::wire::outside_word, said));
  v.refuses();
}

TEST_CASE("payloads without frames do not use up the receiver's descriptors") {
  victim v;
  const auto memory = platform::create_shared_memory("test", 100);
  const std::array one{memory.get()};
  const auto flood = [&] {
    for (std::uint64_t i = 1; i < 2000; ++i) {
      v.send({3, i}, one);
      v.pump();
    }
  };
  CHECK_THROWS_AS(flood(), troupe::malformed_message);
}

TEST_CASE("a payload for a frame that has been is refused") {
  victim v;
  v.send_bytes(frame_of(1));
  v.pump();
  const auto memory = platform::create_shared_memory("test", 100);
  const std::array one{memory.get()};
  v.send({3, GENERATE(0U, 1U)}, one);
  v.refuses();
}

TEST_CASE("memory that is no journal is refused") {
  constexpr std::size_t magic = 0, capacity = 8;
  platform::descriptor memory;
  SECTION("another magic") { memory = changed(ch::create_journals(128 * 1024, 10), magic, 1); }
  SECTION("a capacity that is none") { memory = changed(ch::create_journals(128 * 1024, 10), capacity, 0); }
  SECTION("a capacity that is no power of two") {
    memory = changed(ch::create_journals(128 * 1024, 10), capacity, 128 * 1024 - 8);
  }
  SECTION("a larger capacity than there is") {
    memory = changed(ch::create_journals(128 * 1024, 10), capacity, 256 * 1024);
  }
  SECTION("too small") { memory = platform::create_shared_memory("test", 4096); }
  SECTION("that can shrink") { memory = growing_memory(4096 + 2 * 128 * 1024); }
  SECTION("a page") { memory = ch::page::create(); }
  CHECK_THROWS_AS((ch::journal{memory, ch::direction::forth, platform::access::read}),
                  troupe::malformed_message);
  CHECK_THROWS_AS((ch::journal{memory, ch::direction::forth, platform::access::read_write}),
                  troupe::malformed_message);
}

TEST_CASE("a journal that says that it takes no messages takes one at a time") {
  constexpr std::size_t max_messages = 16;
  parts memory;
  memory.journals = changed(memory.journals.duplicate(), max_messages, 0);
  ch::page own_a{memory.page_a}, own_b{memory.page_b};
  ch::channel a{own_a, memory.for_a()};
  CHECK(append(a, "x"));
  CHECK_FALSE(append(a, "x"));
}

TEST_CASE("memory that is no page is refused") {
  platform::descriptor memory;
  SECTION("another magic") { memory = changed(ch::page::create(), 0, 1); }
  SECTION("another version") { memory = changed(ch::page::create(), 8, 99); }
  SECTION("too small") { memory = platform::create_shared_memory("test", 4096); }
  SECTION("that can shrink") { memory = growing_memory(sizeof(ch::page_memory)); }
  SECTION("a journal") { memory = ch::create_journals(1 << 20, 10); }
  CHECK_THROWS_AS(ch::peer_page{memory}, troupe::malformed_message);
}

TEST_CASE("wild figures in the header that both ends write hold up that channel, and nothing else") {
  const auto wild = GENERATE(std::uint64_t{1}, std::uint64_t{1} << 40, ~std::uint64_t{0});
  SECTION("what is sent") {
    victim v;
    v.forth_.header().sent.store(wild);
    v.own_a.publish_head(slot_of_a, 64);
    CHECK_FALSE(v.b.has_more());
    v.b.pump([](ch::message&&) { FAIL("nothing came"); });
  }
  SECTION("what is received") {
    pair p;
    p.own_b.set_idle(true);
    const auto forth = p.forth();
    REQUIRE(append(p.a, "x"));
    p.a.publish();
    forth.header().received.store(wild);
    p.a.push();
    CHECK(p.receive() == 1);  // from the journal: no packet was sent
  }
}

TEST_CASE(
    "a receiver that says to have read what it has not, or takes back what was sent, holds up no sender") {
  pair p{128 * 1024, 10'000, troupe::lane::socket};
  const auto forth = p.forth();
  const bool takes_back = GENERATE(false, true);
  std::size_t sent = 0;
  for (; sent < 5000 && append(p.a, "x"); ++sent) {
    p.a.publish();
    p.a.push();
    forth.header().received.store(forth.header().sent.load());
    if (takes_back) forth.header().sent.store(0);
  }
  CHECK(sent > 1000);
}

TEST_CASE("a commit count that never rests does not hold up who reads the page") {
  pair p;
  std::atomic<bool> done = false;
  std::thread restless{[&] {
    while (!done) p.own_b.commit();
  }};
  for (int i = 0; i < 10'000; ++i) static_cast<void>(append(p.a, "x"));
  done = true;
  restless.join();
}
