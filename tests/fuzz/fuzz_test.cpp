// What a hostile process could write, many thousand times: an honest stream of frames with something changed, and bytes that
// are decoded as messages. The receiver throws `malformed_message` or goes on; it reads nothing that is not there.
#include <troupe/detail/shared_memory.hpp>
#include <troupe/errors.hpp>
#include <troupe/packed.hpp>

#include "framework/channel/ends.hpp"
#include "fuzz/entries.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace ends;

namespace {

using random_source = std::mt19937_64;

constexpr std::uint64_t frames_in_stream = 6;

/// Honest frames of all kinds, one behind the other, each with less than `most` bytes to say.
std::vector<std::byte> honest_stream(random_source& random, std::uint64_t most = 200) {
  std::vector<std::byte> stream;
  for (std::uint64_t sequence = 1; sequence <= frames_in_stream; ++sequence) {
    troupe::wire::frame what;
    what.header.kind = static_cast<troupe::wire::frame_kind>(1 + random() % 4);
    what.header.words = static_cast<std::uint8_t>(random() % 8);
    what.header.sequence = sequence;
    what.header.length = static_cast<std::uint32_t>(random() % most);
    const auto size = troupe::wire::frame_size(what.header.words, what.header.length);
    stream.resize(stream.size() + size);
    troupe::wire::write_frame(std::span{stream}.last(size), what);
  }
  return stream;
}

/// Changes a few bytes, words or lengths.
void mutate(std::vector<std::byte>& bytes, random_source& random) {
  static constexpr std::array<std::uint64_t, 8> interesting{
      0, 1, 0x7f, 0xffff, 0x1'0000, 0xffff'ffff, std::uint64_t{1} << 63, ~std::uint64_t{0}};
  for (auto left = 1 + random() % 4; left > 0 && !bytes.empty(); --left) {
    const auto at = random() % bytes.size();
    switch (random() % 4) {
      case 0: bytes[at] = static_cast<std::byte>(random()); break;
      case 1: bytes[at] ^= static_cast<std::byte>(1U << random() % 8); break;
      case 2: {
        const auto value = interesting[random() % interesting.size()];
        std::memcpy(bytes.data() + at, &value, std::min(sizeof value, bytes.size() - at));
        break;
      }
      default: bytes.resize(at); break;
    }
  }
}

/// Changes something in what one frame of an honest stream says of itself.
void mutate_a_header(std::vector<std::byte>& stream, random_source& random) {
  std::size_t at = 0;
  for (auto before = random() % frames_in_stream; before > 0; --before) {
    troupe::wire::frame one;
    std::size_t size = 0;
    REQUIRE(troupe::wire::read_frame(std::span{stream}.subspan(at), one, size));
    at += size;
  }
  const auto place = stream.begin() + static_cast<std::ptrdiff_t>(at);
  std::vector<std::byte> header(place, place + sizeof(troupe::wire::frame_header));
  mutate(header, random);
  std::copy(header.begin(), header.end(), place);
}

/// What is kept for a fuzzer.
std::vector<std::vector<std::byte>> kept_for(std::string_view entry) {
  std::vector<std::vector<std::byte>> all;
  for (const auto& file : std::filesystem::directory_iterator{std::filesystem::path{FUZZ_CORPUS} / entry}) {
    std::ifstream from{file.path(), std::ios::binary};
    const std::vector<char> content{std::istreambuf_iterator<char>{from}, {}};
    const auto bytes = std::as_bytes(std::span{content});
    all.emplace_back(bytes.begin(), bytes.end());
  }
  return all;
}

/// Reads every byte that the receiver would hand to a handler.
std::uint64_t sum_of(std::span<const std::byte> payload) {
  std::uint64_t sum = 0;
  for (const auto byte : payload) sum += std::to_integer<std::uint64_t>(byte);
  return sum;
}

struct nested {
  std::string text;
  std::map<std::string, std::vector<std::pair<int, std::optional<double>>>> table;
  std::vector<std::set<std::string>> sets;
  std::tuple<bool, std::array<short, 3>> rest;
};

template <class T>
void decode_noise(const T& honest, random_source& random, int rounds) {
  const auto bytes = troupe::pack(honest);
  int refused = 0;
  for (int round = 0; round < rounds; ++round) {
    auto noise = bytes;
    mutate(noise, random);
    try {
      static_cast<void>(troupe::unpack<T>(noise));
    } catch (const troupe::malformed_message&) {
      ++refused;
    }
  }
  CHECK(refused > 0);
  CHECK(troupe::pack(troupe::unpack<T>(bytes)) == bytes);
}

}  // namespace

TEST_CASE("what fuzzers have kept is refused or passes") {
  for (const auto& [name, run] : fuzz::entries) {
    const auto kept = kept_for(name);
    for (const auto& input : kept) run(input);
    INFO(name);
    CHECK(kept.size() > 3);
  }
}

TEST_CASE("what fuzzers have kept for channels is refused or passes on each lane, copied or read in place") {
  const auto frames = kept_for("frames"), memory = kept_for("memory");
  for (const auto& how : fuzz::manners) {
    int in_place = 0;
    for (const auto& input : frames) in_place += fuzz::frames(input, how).in_place;
    for (const auto& input : memory) fuzz::memory(input, how);
    CHECK((in_place > 0) == how.in_place);
  }
}

TEST_CASE("what fuzzers begin with", "[.seeds]") { fuzz::write_seeds(FUZZ_CORPUS); }

TEST_CASE("a stream of frames with something changed is refused, waits, or passes") {
  random_source random{20'250'101};
  int refused = 0, whole = 0;
  std::uint64_t sum = 0;
  for (int round = 0; round < 3000; ++round) {
    parts memory;
    ch::page own_b{memory.page_b}, own_a{memory.page_a};
    const auto socket = memory.socket_a.duplicate();
    ch::channel b{own_b, memory.for_b()};
    auto stream = honest_stream(random);
    if (round % 10 != 0) mutate(stream, random);
    if (random() % 2 == 0) {
      const auto forth = memory.forth();
      const auto room = forth.at(0, stream.size());
      std::copy(stream.begin(), stream.end(), room.begin());
      own_a.publish_head(slot_of_a, stream.size() + (random() % 20 == 0 ? random() : 0));
    } else {
      std::array<std::uint64_t, 2> header{1, 0};
      if (random() % 10 == 0) header[random() % 2] = random() % 5;
      static_cast<void>(platform::send_packet(socket.get(), {std::as_bytes(std::span{header}), stream}));
    }
    try {
      b.pump([&](ch::message&& one) {
        ++whole;
        sum += sum_of(one.frame.payload);
      });
    } catch (const troupe::malformed_message&) {
      ++refused;
    }
  }
  CHECK(refused > 100);
  CHECK(whole > 1000);
  CHECK(sum < std::uint64_t{1} << 32);  // so that the reading is done
}

TEST_CASE(
    "large frames with something changed are refused, wait, or pass on each lane, copied or read in place") {
  random_source random{75};
  constexpr std::uint64_t most = 10'000;  // requests above 8 KiB are read in place
  for (const auto& how : fuzz::manners) {
    int refused = 0, whole = 0, in_place = 0;
    for (int round = 0; round < 900; ++round) {
      auto stream = honest_stream(random, most);
      if (round % 3 == 1) mutate(stream, random);
      if (round % 3 == 2) mutate_a_header(stream, random);
      std::vector<std::byte> input{std::byte{1}};  // in the journal
      input.insert(input.end(), stream.begin(), stream.end());
      const auto seen = fuzz::frames(input, how);
      refused += seen.refused ? 1 : 0;
      whole += seen.whole;
      in_place += seen.in_place;
    }
    CAPTURE(how.way, how.in_place, refused, whole, in_place);
    CHECK(refused > 50);
    CHECK(whole >= 300 * static_cast<int>(frames_in_stream));  // the honest ones
    CHECK((how.in_place ? in_place > 50 : in_place == 0));
  }
}

TEST_CASE("messages of other nodes with something changed are refused or pass") {
  random_source random{81};
  const auto honest = kept_for("nodes");
  REQUIRE(honest.size() > 10);
  for (int round = 0; round < 20'000; ++round) {
    auto message = honest[random() % honest.size()];
    mutate(message, random);
    fuzz::nodes(message);
  }
}

TEST_CASE("frames with shared memory beside them, with something changed, are refused, wait, or pass") {
  random_source random{33};
  const auto sealed = platform::create_shared_memory("test", 4096);
  const auto small = platform::create_shared_memory("test", 1);
  int refused = 0, whole = 0;
  for (int round = 0; round < 2000; ++round) {
    parts memory;
    ch::page own_b{memory.page_b}, own_a{memory.page_a};
    const auto socket = memory.socket_a.duplicate();
    ch::channel b{own_b, memory.for_b()};
    troupe::wire::frame what;
    what.header.words = troupe::wire::attached_word | (random() % 4 == 0 ? troupe::wire::call_word : 0);
    what.header.sequence = 1;
    what.attached = 1 + random() % 3;
    std::vector<std::byte> bytes(troupe::wire::frame_size(what.header.words, 0));
    troupe::wire::write_frame(bytes, what);
    std::vector<int> beside(what.attached + (random() % 8 == 0 ? 1 : 0), sealed.get());
    if (random() % 4 == 0) beside[random() % beside.size()] = random() % 2 == 0 ? socket.get() : small.get();
    if (random() % 2 == 0) mutate(bytes, random);
    const std::array<std::uint64_t, 2> company{3, random() % 10 == 0 ? random() % 4 : 1}, header{1, 0};
    static_cast<void>(platform::send_packet(socket.get(), {std::as_bytes(std::span{company})}, beside));
    static_cast<void>(platform::send_packet(socket.get(), {std::as_bytes(std::span{header}), bytes}));
    try {
      b.pump([&](ch::message&& one) {
        ++whole;
        if (one.attached == nullptr) return;
        for (const auto& each : *one.attached) static_cast<void>(sum_of(each->bytes()));
      });
    } catch (const troupe::malformed_message&) {
      ++refused;
    }
  }
  CHECK(refused > 100);
  CHECK(whole > 100);
}

TEST_CASE("bytes that are decoded as messages are refused or pass") {
  random_source random{7};
  decode_noise(
      nested{"text", {{"a", {{1, 2.5}, {2, std::nullopt}}}, {"b", {}}}, {{"x", "y"}, {}}, {true, {1, 2, 3}}},
      random, 30'000);
  decode_noise(std::vector<std::string>{"one", "", "three"}, random, 30'000);
  decode_noise(std::vector<double>(20, 1.5), random, 30'000);
  decode_noise(std::map<int, std::string>{{1, "a"}, {2, "b"}}, random, 30'000);
}
