// Which answers make a deadlock, and whom it is told: the rules alone, without processes.
#include "process/inquiry.hpp"

#include <catch2/catch.hpp>
#include <map>

using troupe::process_layer::inquiry;
using troupe::process_layer::wait_kind;
using troupe::process_layer::wait_state;

namespace {

wait_state waiting(std::uint64_t number, std::int64_t since, std::vector<std::uint32_t> on) {
  return {wait_kind::waiting, number, since, std::move(on)};
}
wait_state relying(std::uint64_t number, std::vector<std::uint32_t> on) {
  return {wait_kind::relying, number, 0, std::move(on)};
}

using world = std::map<std::uint32_t, wait_state>;

/// Asks everybody in one round; false where there was nobody to ask.
bool ask_round(inquiry& open, const world& now) {
  const auto questions = open.take_questions();
  for (const auto who : questions) open.answer(who, now.at(who));
  return !questions.empty();
}

void ask_all(inquiry& open, const world& now) {
  while (!open.is_over() && !open.found() && ask_round(open, now)) {
  }
}

}  // namespace

TEST_CASE("two that wait for each other are a deadlock, told to the younger wait") {
  const world now{{1, waiting(7, 100, {2})}, {2, waiting(3, 200, {1})}};
  for (const std::uint32_t reporter : {1U, 2U}) {
    inquiry open{reporter};
    ask_all(open, now);
    REQUIRE(open.found());
    CHECK(open.found()->victim == 2);
    CHECK(open.found()->wait == 3);
    CHECK(open.found()->cycle == std::vector<std::uint32_t>{2, 1});
  }
}

TEST_CASE("one that waits for itself is a deadlock") {
  inquiry open{5};
  ask_all(open, {{5, waiting(1, 1, {5})}});
  REQUIRE(open.found());
  CHECK(open.found()->victim == 5);
}

TEST_CASE("one that waits for a free one, or for the host, is not") {
  inquiry first{1};
  ask_all(first, {{1, waiting(1, 1, {2})}, {2, {}}});
  CHECK(first.is_over());
  inquiry second{1};
  ask_all(second, {{1, waiting(1, 1, {2})}, {2, relying(4, {1, 0})}});
  CHECK(second.is_over());
}

TEST_CASE("one that waits for any of several is not stuck while one of them is free") {
  world now{{1, waiting(1, 1, {2, 3})}, {2, waiting(1, 2, {1})}, {3, {}}};
  inquiry open{2};
  ask_all(open, now);
  CHECK(open.is_over());
  now[3] = waiting(9, 3, {2});
  inquiry again{3};
  ask_all(again, now);
  REQUIRE(again.found());
  CHECK(again.found()->victim == 3);
}

TEST_CASE("a circle through a queue is told to an actor, not to the queue") {
  // 1 waits for room in queue 9, whose only reader 2 waits for 1.
  inquiry open{2};
  ask_all(open, {{2, waiting(1, 50, {1})}, {1, waiting(1, 40, {9})}, {9, relying(800, {2})}});
  REQUIRE(open.found());
  CHECK(open.found()->victim == 2);
}

TEST_CASE("somebody who waits for others' circle is not told") {
  inquiry open{4};
  ask_all(open, {{4, waiting(1, 9, {1})}, {1, waiting(1, 1, {2})}, {2, waiting(1, 2, {1})}});
  CHECK(open.is_over());
  CHECK_FALSE(open.found());
}

TEST_CASE("whoever has moved between the two rounds proves that there was no deadlock") {
  world now{{1, waiting(7, 100, {2})}, {2, waiting(3, 200, {1})}};
  inquiry open{1};
  ask_round(open, now);
  ask_round(open, now);
  REQUIRE_FALSE(open.found());
  now[1].number = 8;  // blocked again, on the same one
  ask_all(open, now);
  CHECK(open.is_over());
  CHECK_FALSE(open.found());
}

TEST_CASE("an answer that nobody asked for, or given twice, changes nothing") {
  inquiry open{1};
  open.answer(1, waiting(1, 1, {1}));
  CHECK(open.take_questions() == std::vector<std::uint32_t>{1});
  open.answer(2, {});
  CHECK_FALSE(open.is_over());
  open.answer(1, waiting(1, 1, {2}));
  open.answer(1, {});
  CHECK_FALSE(open.is_over());
}
