// A channel with both ends in one process.
#include "framework/channel/ends.hpp"

#include <algorithm>
#include <thread>

using namespace ends;

TEST_CASE("a message is not there before it is published, and there after") {
  pair p;
  REQUIRE(append(p.a, "one", 11));
  p.a.push();
  CHECK(p.receive() == 0);
  p.a.publish();
  CHECK(p.receive() == 1);
  CHECK(text_of(p.came[0]) == "one");
  CHECK(p.came[0].frame.header.method == 11);
  CHECK(p.came[0].frame.header.sequence == 1);
  CHECK(p.came[0].frame.header.actor == 2);
}

TEST_CASE("a turn's messages are there with its commit, on all its channels at once") {
  pair p;
  REQUIRE(append(p.a, "one"));
  REQUIRE(append(p.a, "two"));
  p.a.stage();
  p.a.push();
  CHECK(p.receive() == 0);
  p.own_a.commit();
  CHECK(p.receive() == 2);
}

TEST_CASE("a receiver that sleeps is woken by a packet, one that is awake looks into the journal") {
  pair p;
  const bool sleeps = GENERATE(true, false);
  p.own_b.set_idle(sleeps);
  REQUIRE(append(p.a, "text"));
  p.a.publish();
  p.a.push();
  CHECK(platform::wait_readable({p.b.socket()}, platform::time_point{}) == sleeps);
  CHECK(p.b.has_more());
  CHECK(p.receive() == 1);
  CHECK_FALSE(p.b.has_more());
}

TEST_CASE("a receiver that watches the journal gets no packets, until it does no more") {
  pair p;
  p.own_b.set_idle(true);  // of another of its channels
  p.b.watch(true);
  CHECK_FALSE(p.b.has_news());
  REQUIRE(append(p.a, "journal"));
  p.a.publish();
  p.a.push();
  CHECK_FALSE(platform::wait_readable({p.b.socket()}, platform::time_point{}));
  CHECK(p.b.has_news());
  CHECK(p.receive() == 1);
  CHECK_FALSE(p.b.has_news());

  p.b.watch(false);
  REQUIRE(append(p.a, "packet"));
  p.a.publish();
  p.a.push();
  CHECK(platform::wait_readable({p.b.socket()}, platform::time_point{}));
  CHECK(p.b.has_news());
  CHECK(p.receive() == 1);
}

TEST_CASE("thousands of messages in batches, over packets and journal in turn, come in order") {
  pair p{128 * 1024, 1000, GENERATE(troupe::lane::automatic, troupe::lane::ring, troupe::lane::socket)};
  std::size_t sent = 0;
  for (int batch = 0; batch < 400; ++batch) {
    p.own_b.set_idle(batch % 3 == 0);
    for (int i = 0; i < batch % 17; ++i) {
      while (!append(p.a, std::string(sent % 5000, static_cast<char>('a' + sent % 26)), sent)) {
        p.a.publish();
        p.receive();
        p.finish_all();
      }
      ++sent;
    }
    p.a.publish();
    p.a.push();
    if (batch % 5 == 0) p.receive();
  }
  p.receive();
  REQUIRE(p.came.size() == sent);
  bool right = true;
  for (std::size_t i = 0; i < sent; ++i) {
    right = right && p.came[i].frame.header.method == i &&
            text_of(p.came[i]) == std::string(i % 5000, static_cast<char>('a' + i % 26));
  }
  CHECK(right);
}

TEST_CASE("a mailbox is bounded in messages") {
  pair p{1 << 20, 10};
  for (int i = 0; i < 10; ++i) REQUIRE(append(p.a, "x"));
  CHECK_FALSE(append(p.a, "x"));
  p.a.publish();
  CHECK(p.receive() == 10);
  CHECK_FALSE(append(p.a, "x"));  // received is not finished
  p.finish(3);
  for (int i = 0; i < 4; ++i) REQUIRE(append(p.a, "x"));
  CHECK_FALSE(append(p.a, "x"));
}

TEST_CASE("a mailbox is bounded in bytes") {
  pair p{128 * 1024, 1'000'000};
  const std::string text(1000, 'x');
  std::size_t accepted = 0;
  while (append(p.a, text)) ++accepted;
  CHECK(accepted * 1000 <= 128 * 1024);
  CHECK(accepted * 1100 >= 128 * 1024);
  p.a.publish();
  CHECK(p.receive() == accepted);
  p.finish(0);
  CHECK(append(p.a, text));
  CHECK_FALSE(append(p.a, text));
}

TEST_CASE("what travels outside counts as well, and a message larger than the bound passes alone") {
  pair p{128 * 1024, 1'000'000};
  const std::string large(100 * 1024, 'l');
  REQUIRE(append(p.a, large));
  CHECK_FALSE(append(p.a, large));
  CHECK_FALSE(append(p.a, std::string(60 * 1024, 's')));
  p.a.publish();
  CHECK(p.receive() == 1);
  p.finish_all();
  const std::string huge(5 << 20, 'h');
  REQUIRE(append(p.a, huge));
  CHECK_FALSE(append(p.a, huge));
  p.a.publish();
  CHECK(p.receive() == 1);
  CHECK((text_of(p.came[1]) == huge));
}

TEST_CASE(
    "messages are taken one by one, in mouthfuls, and what has been taken and not handed over is news") {
  pair p{1 << 20, 2000};
  std::size_t sent = 0;
  for (; sent < 1000; ++sent) REQUIRE(append(p.a, std::to_string(sent)));
  REQUIRE(append(p.a, std::string(60'000, 'l')));  // in the journal, and more than a mouthful
  p.a.publish();
  const auto take_one = [&] {
    ch::message one;
    if (!p.b.next(one)) return false;
    p.came.push_back(std::move(one));
    return true;
  };
  const auto forth = p.forth();
  REQUIRE(take_one());
  CHECK(forth.header().received.load() < 20'000);  // not the long one behind them
  CHECK(p.b.has_news());
  CHECK(p.b.has_more());
  for (std::size_t n = 1; n < 10; ++n) REQUIRE(take_one());
  CHECK(p.receive() == sent + 1 - 10);  // whoever pumps gets the rest
  CHECK_FALSE(take_one());
  CHECK_FALSE(p.b.has_news());
  CHECK_FALSE(p.b.has_more());
  REQUIRE(p.came.size() == sent + 1);
  for (std::size_t n = 0; n < sent; ++n) REQUIRE(text_of(p.came[n]) == std::to_string(n));
  CHECK((text_of(p.came[sent]) == std::string(60'000, 'l')));
  REQUIRE(append(p.a, "last"));
  p.a.publish();
  CHECK(p.receive() == 1);
}

TEST_CASE("a large message comes in its place among small ones") {
  pair p{1 << 20};
  const std::string large(300'000, 'L');
  for (const bool idle : {false, true}) {
    p.own_b.set_idle(idle);
    p.came.clear();
    REQUIRE(append(p.a, "before"));
    REQUIRE(append(p.a, large));
    REQUIRE(append(p.a, "after"));
    p.a.publish();
    p.a.push();
    REQUIRE(p.receive() == 3);
    CHECK(text_of(p.came[0]) == "before");
    CHECK((text_of(p.came[1]) == large));
    CHECK(text_of(p.came[2]) == "after");
    p.finish_all();
  }
}

TEST_CASE("messages that are kept for want of room follow in order") {
  pair p{128 * 1024, 3};
  const std::tuple<int> number{0};
  for (std::uint64_t i = 0; i < 10; ++i)
    p.a.append_or_keep({troupe::wire::frame_kind::tell, i, 0}, troupe::detail::body_of(number));
  CHECK(p.a.has_kept());
  CHECK(p.a.last_sequence() == 10);
  while (p.a.has_kept()) {
    p.a.publish();
    p.receive();
    p.finish_all();
    p.a.append_kept();
  }
  p.a.publish();
  p.receive();
  REQUIRE(p.came.size() == 10);
  for (std::uint64_t i = 0; i < 10; ++i) CHECK(p.came[i].frame.header.method == i);
}

TEST_CASE("a sender that waits for room is told once half of the journal is free") {
  pair p{128 * 1024, 1'000'000};
  const std::string text(1000, 'x');
  while (append(p.a, text)) {
  }
  p.a.publish();
  p.a.want_room();
  p.receive();
  p.finish(10);
  p.b.offer_room();
  CHECK_FALSE(platform::wait_readable({p.a.socket()}, platform::time_point{}));
  p.finish_all();
  p.b.offer_room();
  CHECK(platform::wait_readable({p.a.socket()}, platform::time_point{}));
}

TEST_CASE("a received message stays valid while others come and go") {
  pair p{1 << 20};
  REQUIRE(append(p.a, "the one that is kept"));
  p.a.publish();
  REQUIRE(p.receive() == 1);
  const auto kept = std::move(p.came[0]);
  p.came.clear();
  for (int i = 0; i < 2000; ++i) {
    REQUIRE(append(p.a, std::string(1000, 'n')));
    p.a.publish();
    REQUIRE(p.receive() == 1);
    p.finish_all();
    p.came.clear();
  }
  CHECK(text_of(kept) == "the one that is kept");
}

TEST_CASE("what a sender had accepted reaches the receiver after the sender's end") {
  parts memory{1 << 20};
  ch::page own_b{memory.page_b};
  ch::channel b{own_b, memory.for_b()};
  own_b.set_idle(true);
  std::size_t sent = 0;
  {
    ch::page own_a{memory.page_a};
    ch::channel a{own_a, memory.for_a()};
    for (; sent < 500; ++sent) {
      REQUIRE(append(a, std::string(sent % 3 == 0 ? 100'000 % (sent + 1) : 700, 'x'), sent));
      a.publish();
      if (sent % 50 == 0) a.push();  // some in packets, most in the journal
    }
    REQUIRE(append(a, std::string(200'000, 'L'), sent++));
    a.publish();
    REQUIRE(append(a, "never published"));
    // The sender has something unread when it goes, as a process that is killed does.
    std::ignore = platform::send_packet(b.socket(), {std::as_bytes(std::span{"unread"})});
  }
  std::vector<std::uint64_t> methods;
  while (!b.closed()) b.pump([&](ch::message&& one) { methods.push_back(one.frame.header.method); });
  REQUIRE(methods.size() == sent);
  CHECK(std::is_sorted(methods.begin(), methods.end()));
}

TEST_CASE("bytes that a sender had claimed for a packet and never sent are taken from the journal") {
  parts memory{1 << 20};
  ch::page own_b{memory.page_b};
  ch::channel b{own_b, memory.for_b()};
  {
    ch::page own_a{memory.page_a};
    ch::channel a{own_a, memory.for_a()};
    REQUIRE(append(a, "claimed"));
    a.publish();
    const auto forth = memory.forth();
    forth.header().sent.store(ch::peer_page{memory.page_a}.head(slot_of_a));
    CHECK_FALSE(b.has_more());
    b.pump([](ch::message&&) { FAIL("taken although claimed"); });
  }
  std::vector<std::string> texts;
  b.drain([&](ch::message&& one) { texts.push_back(text_of(one)); });
  CHECK(texts == std::vector<std::string>{"claimed"});
}

TEST_CASE("what has been finished and what is being handled is to be seen from the other end") {
  pair p;
  for (int i = 0; i < 3; ++i) REQUIRE(append(p.a, "x"));
  p.a.publish();
  p.receive();
  p.finish(0);
  p.own_b.begin(p.b.own_slot(), 2, 0, 1);
  CHECK(p.a.is_finished(1));
  CHECK_FALSE(p.a.is_finished(2));
  CHECK(p.a.has_begun(2));
  CHECK_FALSE(p.a.has_begun(3));
}
