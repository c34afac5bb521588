// Large requests are read where their sender wrote them, in its journal; nothing else is.
#include "framework/channel/ends.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace ends;

namespace {

constexpr std::size_t capacity = std::size_t{1} << 20;
constexpr std::size_t small = 100, medium = 30'000, large = 200'000, outside = 300'000;

struct reading_pair : pair {
  reading_pair() : pair{capacity, 1000} { b.keep_in_place(); }
};

char letter(std::size_t number) { return static_cast<char>('a' + number % 26); }

/// Whether the message points into the journal: what its sender changes there shows.
bool lies_in_journal(const parts& of, const ch::message& one) {
  const auto written = of.forth();
  const auto ring = written.at(0, written.capacity());
  const std::vector<std::byte> before(one.frame.payload.begin(), one.frame.payload.end());
  const std::vector<std::byte> saved(ring.begin(), ring.end());
  std::ranges::fill(ring, std::byte{0x5a});
  const bool shows = !std::ranges::equal(one.frame.payload, before);
  std::ranges::copy(saved, ring.begin());
  return shows;
}

void reply_to(ch::channel& to, std::uint64_t call, const std::string& text) {
  const std::tuple<const std::string&> values{text};
  REQUIRE(to.append({troupe::wire::frame_kind::reply, call, 0}, troupe::detail::body_of(values)));
}

}  // namespace

TEST_CASE("a large request is read where it was written, and small ones and replies are copied") {
  reading_pair p;
  for (const auto size : {small, medium, large}) REQUIRE(append(p.a, std::string(size, 't')));
  reply_to(p.a, 1, std::string(large, 'r'));
  REQUIRE(append(p.a, std::string(large, 'l')));
  p.a.publish();
  REQUIRE(p.receive() == 5);
  CHECK_FALSE(lies_in_journal(p, p.came[0]));
  CHECK(lies_in_journal(p, p.came[1]));
  CHECK(lies_in_journal(p, p.came[2]));
  CHECK_FALSE(lies_in_journal(p, p.came[3]));
  CHECK(lies_in_journal(p, p.came[4]));
  CHECK((text_of(p.came[3]) == std::string(large, 'r')));
  CHECK((text_of(p.came[4]) == std::string(large, 'l')));
}

TEST_CASE("a receiver that was not told to copies all") {
  pair p{capacity, 1000};
  for (const auto size : {medium, large}) REQUIRE(append(p.a, std::string(size, 't')));
  p.a.publish();
  REQUIRE(p.receive() == 2);
  for (const auto& one : p.came) CHECK_FALSE(lies_in_journal(p, one));
  CHECK((text_of(p.came[1]) == std::string(large, 't')));
}

TEST_CASE("what a request lies in is not used again before it is finished, nor gone with the channel") {
  std::vector<ch::message> last;
  {
    reading_pair p;
    REQUIRE(append(p.a, std::string(large, 'k')));
    std::size_t sent = 1;
    for (; append(p.a, std::string(large, letter(sent))); ++sent) p.a.publish();
    CHECK(sent == capacity / large);
    CHECK(p.receive() == sent);
    CHECK_FALSE(append(p.a, std::string(medium, 'n') + std::string(large, 'n')));
    CHECK((text_of(p.came[0]) == std::string(large, 'k')));
    p.finish(0);
    CHECK(append(p.a, std::string(large, 'n')));
    CHECK((text_of(p.came[1]) == std::string(large, letter(1))));
    last.push_back(std::move(p.came.back()));
  }
  CHECK((text_of(last[0]) == std::string(large, letter(capacity / large - 1))));
}

TEST_CASE("messages of all sizes come whole and in order, often round the journal") {
  reading_pair p;
  const std::size_t sizes[]{small, medium, small, small, large, outside, 8000, 8200, small, large};
  std::size_t sent = 0, read = 0;
  const auto take_all = [&] {
    p.receive();
    for (; read < p.came.size(); ++read) {
      REQUIRE((text_of(p.came[read]) == std::string(sizes[read % std::size(sizes)], letter(read))));
    }
    p.finish_all();
  };
  while (sent < 500) {
    p.own_b.set_idle(sent % 3 == 0);
    while (!append(p.a, std::string(sizes[sent % std::size(sizes)], letter(sent)))) {
      p.a.publish();
      p.a.push();
      take_all();
    }
    ++sent;
    if (sent % 7 == 0) {
      p.a.publish();
      p.a.push();
    }
    if (sent % 11 == 0) take_all();
  }
  p.a.publish();
  take_all();
  CHECK(p.came.size() == sent);
}

TEST_CASE("who sleeps is called once for all that comes, and again the next time") {
  reading_pair p;
  const auto is_called = [&] { return platform::wait_readable({p.b.socket()}, platform::time_point{}); };
  for (int time = 0; time < 3; ++time) {
    p.own_b.set_idle(true);
    for (int n = 0; n < 3; ++n) {
      REQUIRE(append(p.a, std::string(medium, 'm')));
      p.a.publish();
      p.a.push();
    }
    CHECK(is_called());
    p.own_b.set_idle(false);
    CHECK(p.b.has_more());  // it may take what is there without reading the call
    CHECK(p.receive() == 3);
    while (is_called()) p.receive();
    CHECK_FALSE(p.b.has_news());
    p.finish_all();
  }
}

TEST_CASE(
    "on the lane of sockets a receiver that is awake gets bytes in packets, and elsewhere one that sleeps "
    "gets none") {
  const auto way = GENERATE(troupe::lane::automatic, troupe::lane::ring, troupe::lane::socket);
  pair p{128 * 1024, 1000, way};
  p.own_b.set_idle(way != troupe::lane::socket);
  REQUIRE(append(p.a, "small"));
  p.a.publish();
  p.a.push();
  CHECK(p.b.has_more() == (way != troupe::lane::socket));  // in the journal, not on its way
  CHECK(platform::wait_readable({p.b.socket()}, platform::time_point{}));
  CHECK(p.receive() == 1);
}

TEST_CASE("on no lane anything leaves that has not been published") {
  pair p{128 * 1024, 1000, GENERATE(troupe::lane::automatic, troupe::lane::ring, troupe::lane::socket)};
  p.own_b.set_idle(true);
  REQUIRE(append(p.a, "of a turn that is not committed"));
  p.a.push();
  CHECK(p.receive() == 0);
  p.a.publish();
  p.a.push();
  CHECK(platform::wait_readable({p.b.socket()}, platform::time_point{}));
  CHECK(p.receive() == 1);
}
