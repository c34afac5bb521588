// The commit record: all of a turn or nothing of it.
#include "channel/page.hpp"

#include <troupe/errors.hpp>

#include "channel/journal.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <thread>
#include <type_traits>

namespace {

using namespace troupe::channel;
namespace channel = troupe::channel;
namespace platform = troupe::platform;

constexpr slot one{1}, two{2}, last{max_slots - 1};

struct both_views {
  platform::descriptor memory = page::create();
  std::unique_ptr<page> own = std::make_unique<page>(memory);
  peer_page seen{memory};

  /// The owner dies, at whatever it was doing, and the memory is looked at by another.
  void die() { own.reset(); }
};

void check_progress(const progress& got, std::uint64_t sequence, std::uint64_t position) {
  CHECK(got.sequence == sequence);
  CHECK(got.position == position);
}

}  // namespace

TEST_CASE("what is staged is invisible before the commit, and all there after it") {
  both_views page;
  for (std::uint64_t turn = 1; turn < 10; ++turn) {
    page.own->stage_finished(one, {turn, turn * 100});
    page.own->stage_head(two, turn * 1000);
    page.own->stage_head(last, turn * 2000);
    check_progress(page.seen.finished(one), turn - 1, (turn - 1) * 100);
    CHECK(page.seen.head(two) == (turn - 1) * 1000);
    CHECK(page.seen.head(last) == (turn - 1) * 2000);
    page.own->commit();
    check_progress(page.seen.finished(one), turn, turn * 100);
    CHECK(page.seen.head(two) == turn * 1000);
    CHECK(page.seen.head(last) == turn * 2000);
  }
}

TEST_CASE("a death between staging and commit leaves nothing of the turn") {
  both_views page;
  page.own->stage_finished(one, {1, 100});
  page.own->stage_head(two, 50);
  page.own->commit();
  page.own->stage_finished(one, {2, 200});
  page.own->stage_head(two, 70);
  page.die();
  check_progress(page.seen.finished(one), 1, 100);
  CHECK(page.seen.head(two) == 50);
}

TEST_CASE("slots that a turn did not touch keep their figures through its commit") {
  both_views page;
  page.own->publish_head(two, 10);
  page.own->publish_finished(two, {3, 30});
  for (std::uint64_t turn = 1; turn < 4; ++turn) {
    page.own->stage_head(one, turn);
    page.own->commit();
    CHECK(page.seen.head(two) == 10);
    check_progress(page.seen.finished(two), 3, 30);
  }
}

TEST_CASE("what is published while nothing is staged is in force at once, and stays") {
  both_views page;
  page.own->publish_head(one, 5);
  CHECK(page.seen.head(one) == 5);
  page.own->stage_head(two, 1);
  page.own->commit();
  CHECK(page.seen.head(one) == 5);
  page.own->publish_head(one, 6);
  CHECK(page.seen.head(one) == 6);
  page.own->clear(one);
  CHECK(page.seen.head(one) == 0);
  check_progress(page.seen.finished(one), 0, 0);
}

TEST_CASE("a reader never sees half a commit") {
  both_views page;
  constexpr std::uint64_t rounds = 300'000;
  std::thread writer{[&] {
    for (std::uint64_t turn = 1; turn <= rounds; ++turn) {
      page.own->stage_finished(one, {turn, turn * 64});
      page.own->commit();
    }
  }};
  bool whole = true;
  bool forward = true;
  for (std::uint64_t before = 0; before < rounds;) {
    const auto got = page.seen.finished(one);
    whole = whole && got.position == got.sequence * 64;
    forward = forward && got.sequence >= before;
    before = got.sequence;
  }
  writer.join();
  CHECK(whole);
  CHECK(forward);
}

TEST_CASE("a commit that a death cut short behind its flip is whole after the next process's first one") {
  both_views page;
  for (const slot each : {one, two, last}) page.own->use(each);
  page.own->stage_finished(two, {4, 400});
  page.own->stage_head(two, 40);
  page.own->commit();
  const auto mapped =
      platform::mapping::map(page.memory, platform::access::read_write, 0, sizeof(page_memory));
  auto& memory = *reinterpret_cast<page_memory*>(mapped.bytes().data());
  // The next turn, up to the flip.
  const auto next = (memory.commits.load() + 1) % 2;
  auto& staged = memory.channels[static_cast<std::size_t>(two)].copies[next];
  staged.finished_sequence = 5;
  staged.finished_position = 500;
  staged.head = 50;
  memory.commits = memory.commits.load() + 1;
  page.die();

  channel::page successor{page.memory};
  successor.begin_again();
  successor.stage_finished(last, {1, 10});
  successor.commit();
  check_progress(page.seen.finished(two), 5, 500);
  CHECK(page.seen.head(two) == 50);
  check_progress(page.seen.finished(last), 1, 10);
}

TEST_CASE("that a message's handler has begun is to be seen, while it runs and afterwards") {
  both_views page;
  CHECK_FALSE(page.seen.has_begun(one, 7));
  const auto place = page.own->begin(one, 7, 0, 123);
  CHECK(page.seen.has_begun(one, 7));
  CHECK_FALSE(page.seen.has_begun(one, 8));
  CHECK_FALSE(page.seen.has_begun(two, 7));
  CHECK(page.seen.handled() == 0);
  page.own->end(place);
  page.own->commit();
  CHECK(page.seen.has_begun(one, 7));
  CHECK(page.seen.handled() == 1);
  page.own->clear(one);
  CHECK_FALSE(page.seen.has_begun(one, 1));
}

TEST_CASE("messages that are handled at the same time have a place each") {
  both_views page;
  std::set<std::size_t> places;
  for (std::uint64_t i = 1; i <= channel::max_running; ++i) places.insert(page.own->begin(one, i, 0, 123));
  CHECK(places.size() == channel::max_running);
  page.own->end(3);
  page.own->commit();
  CHECK(page.own->begin(two, 1, 0, 124) == 3);
}

TEST_CASE("memory that is no page is refused") {
  CHECK_THROWS_AS(peer_page{platform::create_shared_memory("test", 100)}, troupe::malformed_message);
  CHECK_THROWS_AS(peer_page{platform::create_shared_memory("test", sizeof(page_memory))},
                  troupe::malformed_message);
  CHECK_THROWS_AS(peer_page{create_journals(1 << 20, 1)}, troupe::error);
}

TEST_CASE("memory that is no journal is refused") {
  CHECK_THROWS_AS(
      (journal{platform::create_shared_memory("test", 100), direction::forth, platform::access::read}),
      troupe::malformed_message);
  CHECK_THROWS_AS(
      (journal{platform::create_shared_memory("test", 1 << 20), direction::forth, platform::access::read}),
      troupe::malformed_message);
  CHECK_THROWS_AS((journal{page::create(), direction::forth, platform::access::read}),
                  troupe::malformed_message);
  const auto lying = create_journals(1 << 17, 1);
  const auto mapped = platform::mapping::map(lying, platform::access::read_write, 0, 4096);
  auto& header = *reinterpret_cast<journals_front*>(mapped.bytes().data());
  for (const std::uint64_t capacity : {std::uint64_t{0}, std::uint64_t{1} << 18, std::uint64_t{1} << 40,
                                       ~std::uint64_t{0}, std::uint64_t{1000}}) {
    header.front.capacity = capacity;
    CHECK_THROWS_AS((journal{lying, direction::forth, platform::access::read}), troupe::malformed_message);
  }
}

TEST_CASE("a journal has room for the largest frame, whatever was asked for") {
  CHECK(journal(create_journals(0, 0), direction::forth, platform::access::read_write).capacity() >=
        128 * 1024);
  CHECK(journal(create_journals(0, 0), direction::forth, platform::access::read_write).max_messages() == 1);
  CHECK(journal(create_journals(200'000, 5), direction::forth, platform::access::read_write).capacity() ==
        256 * 1024);
}
