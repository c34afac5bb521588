// What two gateways have to say to each other, over connections that end.
#include "node_session.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

using namespace troupe::detail;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span{text}); }

void say(outgoing& to, std::uint64_t number, const std::string& text) {
  frame_head head;
  head.kind = frame_kind::tell;
  head.call = number;
  to.append(head, bytes_of(text));
}

struct packet {
  std::uint64_t sequence;
  std::string frames;
};

}  // namespace

TEST_CASE("a frame head takes as many bytes as is said") {
  CHECK(troupe::pack(frame_head{}).size() == frame_head_size);
}

TEST_CASE("of a session nothing is lost and nothing comes twice, whatever becomes of its connections") {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937 random{seed};
    outgoing out{2000};
    incoming in;
    std::vector<packet> wire;
    const auto send = [&](std::uint64_t sequence, const std::string& frames) {
      wire.push_back({sequence, frames});
    };
    std::vector<std::uint64_t> came;
    std::uint64_t last = 0;
    const auto take = [&] {
      if (wire.empty()) return;
      const auto next = wire.front();
      wire.erase(wire.begin());
      const auto verdict = in.judge(next.sequence);
      REQUIRE(verdict != incoming::verdict::gap);
      if (verdict == incoming::verdict::repeated) return;
      read_frames(bytes_of(next.frames), [&](const frame_head& head, auto) { came.push_back(head.call); });
    };
    for (int step = 0; step < 3000 || (!out.is_empty() && step < 100'000); ++step) {
      switch (random() % 8) {
        case 0: take(); break;
        case 1: REQUIRE(out.acknowledge(in.last())); break;
        case 2:
          if (step < 3000 && random() % 20 == 0) {  // the connection ends, with what was on it
            const auto said = in.last();  // in the greeting over the next one; some may come behind that
            for (auto late = random() % 3; late > 0; --late) take();
            wire.clear();
            REQUIRE(out.acknowledge(said));
            out.again(send);
          }
          break;
        default:
          if (step < 3000) say(out, ++last, std::string(random() % 300, 'x'));
      }
      out.flush(send);
      if (step >= 3000) take();
    }
    REQUIRE(out.is_empty());
    REQUIRE(came.size() == last);
    for (std::size_t i = 0; i < came.size(); ++i) REQUIRE(came[i] == i + 1);
  }
}

TEST_CASE("no more is under way than the window has room for") {
  outgoing out{100'000};
  std::size_t under_way = 0;
  for (int i = 0; i < 10'000; ++i) say(out, 1, std::string(70'000, 'x'));
  out.flush([&](std::uint64_t, const std::string& frames) { under_way += frames.size(); });
  CHECK(under_way < 200'000);
  CHECK_FALSE(out.acknowledge(1000));
}

TEST_CASE("bytes that are no frames are refused") {
  const auto read = [](const std::string& bytes) {
    read_frames(bytes_of(bytes), [](const frame_head&, auto) {});
  };
  CHECK_THROWS_AS(read("short"), troupe::malformed_message);
  frame_head long_one;
  long_one.length = 0xffffffff;
  const auto bytes = troupe::pack(long_one);
  CHECK_THROWS_AS(read({reinterpret_cast<const char*>(bytes.data()), bytes.size()}),
                  troupe::malformed_message);
  CHECK_NOTHROW(read(""));
}
