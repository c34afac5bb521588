#include "ledger.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <vector>

using namespace troupe::detail;

namespace {

parcel whole(std::uint64_t ordinal) {
  return {.origin = 0, .ordinal = ordinal, .share = whole_share(0, ordinal)};
}

/// As a turn splits an item into `count` parcels.
std::vector<parcel> split(const parcel& item, std::size_t count) {
  std::vector<parcel> parts;
  auto left = item.share;
  for (std::size_t i = 0; i < count; ++i) {
    parts.push_back(item);
    parts.back().share = i + 1 == count ? left : split_share(item.share, i);
    left -= parts.back().share;
  }
  return parts;
}

const origin_account& account(const ledger& book) { return book.origins.at(0); }

}  // namespace

TEST_CASE("an item that was never split is complete when it comes") {
  ledger book;
  book.complete(whole(3));
  CHECK(account(book).completed.count() == 1);
  CHECK(account(book).repeats == 0);
}

TEST_CASE("an item that comes again is not complete again, but counted") {
  ledger book;
  book.complete(whole(3));
  book.complete(whole(3));
  CHECK(account(book).completed.count() == 1);
  CHECK(account(book).repeats == 1);
}

TEST_CASE("an item is complete when the last of its parts has come, and not before, in any order") {
  auto parts = split(whole(7), 4);
  for (const auto& part : split(parts.back(), 3))
    parts.push_back(part);  // one of them was split again by a later stage
  parts.erase(parts.begin() + 3);
  std::shuffle(parts.begin(), parts.end(), std::mt19937{1});
  ledger book;
  for (const auto& part : parts) {
    if (!book.origins.empty()) CHECK(account(book).completed.count() == 0);
    book.complete(part);
  }
  CHECK(account(book).completed.count() == 1);
  CHECK(account(book).repeats == 0);
}

TEST_CASE("parts that came to different sinks make one item") {
  const auto parts = split(whole(7), 3);
  ledger first;
  ledger second;
  first.complete(parts[0]);
  second.complete(parts[1]);
  second.complete(parts[2]);
  CHECK(account(second).completed.count() == 0);
  first.merge(second);
  CHECK(account(first).completed.count() == 1);
  CHECK(account(first).parts.empty());
  CHECK(account(first).repeats == 0);
}

TEST_CASE("a part that comes twice, at one sink or at two, is a repeat and completes nothing") {
  const auto parts = split(whole(7), 2);
  ledger first;
  ledger second;
  first.complete(parts[0]);
  second.complete(parts[0]);
  first.merge(second);
  CHECK(account(first).completed.count() == 0);
  CHECK(account(first).repeats == 1);
}

TEST_CASE("whole items that two sinks have are repeats") {
  ledger first;
  ledger second;
  first.complete(whole(1));
  second.complete(whole(1));
  second.complete(whole(2));
  first.merge(second);
  CHECK(account(first).completed.count() == 2);
  CHECK(account(first).repeats == 1);
}

TEST_CASE("an item that failed in one part does not become complete by the others") {
  const auto parts = split(whole(7), 2);
  ledger book;
  book.complete(parts[0]);
  book.fail(parts[1], "no such file");
  CHECK(account(book).completed.count() == 0);
  CHECK(account(book).failed.count() == 1);
  CHECK(book.reasons == std::vector<std::string>{"no such file"});
}
