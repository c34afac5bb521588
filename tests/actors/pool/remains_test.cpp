// What a dead worker's notes say, and what they are not believed.
#include <troupe/detail/pool_log.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using troupe::detail::pool_log;
using troupe::detail::pool_log_words;
using troupe::detail::pool_notes;
using troupe::detail::pool_remains;
using troupe::detail::pool_results_kept;

constexpr std::uint64_t ticket = 7;
constexpr std::size_t items = 4;

/// As a worker leaves it that died at the last of four items; the one before had thrown.
template <class Result>
pool_log noted(const std::vector<Result>& results) {
  pool_log log{pool_log_words};
  pool_notes notes{log, ticket};
  pool_results_kept<Result> kept{notes, items};
  for (std::size_t n = 0; n < 2; ++n) {
    notes.begins(n);
    REQUIRE(kept.keep(n, results.at(n), false));
    notes.ended(n);
  }
  notes.begins(2);
  REQUIRE(kept.fail(2, std::make_exception_ptr(std::runtime_error{"thrown"})));
  notes.ended(2);
  notes.begins(3);
  return log;
}

struct account {
  std::size_t read = 0;
  std::size_t values = 0;
  std::size_t failures = 0;
};

template <class Result>
account read(const pool_log& log) {
  account all;
  auto remains = pool_remains::of(log, ticket, items);
  REQUIRE(remains);
  all.read =
      remains->read<Result>([&](const Result&) { ++all.values; }, [&](auto, const auto&) { ++all.failures; });
  return all;
}

const std::vector<std::string> texts{"one", "two"};
const std::vector<int> numbers{1, 2};

/// The length in front of the first result, or of the first failure.
void set_length(const pool_log& log, std::size_t at, std::uint32_t length) {
  auto bytes = std::as_writable_bytes(log.span().subspan(troupe::detail::pool_log_header));
  std::memcpy(bytes.data() + at, &length, sizeof length);
}

}  // namespace

TEST_CASE("notes of a worker that died say what it had finished, and at what it was") {
  for (const auto& all : {read<std::string>(noted(texts)), read<int>(noted(numbers))}) {
    CHECK(all.read == 3);
    CHECK(all.values == 2);
    CHECK(all.failures == 1);
  }
  const auto remains = pool_remains::of(noted(numbers), ticket, items);
  CHECK(remains->is_running());
  CHECK(remains->finished() == 3);
}

TEST_CASE("notes that cannot be true of an order are none") {
  const auto log = noted(numbers);
  CHECK_FALSE(pool_remains::of(log, ticket + 1, items));
  CHECK_FALSE(pool_remains::of(log, ticket, 3));  // at the fourth of three
  CHECK(pool_remains::of(log, ticket, 4));
  log.atomic(1).store(std::numeric_limits<std::uint64_t>::max());
  CHECK_FALSE(pool_remains::of(log, ticket, items));
  CHECK_FALSE(pool_remains::of(pool_log{pool_log_words - 1}, 0, items));
}

TEST_CASE("a result that is longer than all notes is made again, and those before it are kept") {
  for (const std::uint32_t length : {std::numeric_limits<std::uint32_t>::max(), 0U, 2U * (1U << 20)}) {
    const auto log = noted(texts);
    set_length(log, 0, length);
    CHECK(read<std::string>(log).read == 0);
  }
  const auto log = noted(texts);
  std::uint32_t first = 0;
  std::memcpy(&first, std::as_bytes(log.span().subspan(troupe::detail::pool_log_header)).data(),
              sizeof first);
  set_length(log, sizeof first + first / 2, std::numeric_limits<std::uint32_t>::max());
  CHECK(read<std::string>(log).read == 1);
}

TEST_CASE("more failures than were noted are not looked for behind the end") {
  const auto log = noted(numbers);
  log.atomic(3).store(std::numeric_limits<std::uint64_t>::max());
  CHECK(read<int>(log).read <= 3);
  const auto other = noted(numbers);
  set_length(other, items * sizeof(int), std::numeric_limits<std::uint32_t>::max());
  CHECK(read<int>(other).read == 0);
}
