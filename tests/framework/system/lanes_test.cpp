// Whichever lane messages take, they come whole, in order, and after deaths of either end.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"
#include "support/scaled.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

const auto lanes = {troupe::lane::automatic, troupe::lane::socket, troupe::lane::ring};
constexpr std::size_t sizes[]{0, 10, 10, 3000, 10, 20'000, 100'000, 10, 300'000};

std::size_t size_at(std::uint64_t number) { return sizes[number % std::size(sizes)]; }
char letter_at(std::uint64_t number) { return static_cast<char>('a' + number % 26); }

/// Says what is wrong with the first message that is not the next one.
class reader {
 public:
  void read(std::uint64_t number, std::string_view text) { check(number, text.size(), text); }
  void take(std::uint64_t number, const std::string& text) { check(number, text.size(), text); }
  std::string answer(std::uint64_t number, const std::string& text) {
    check(number, text.size(), text);
    return text;
  }
  std::pair<std::uint64_t, std::string> end() const { return {next_, wrong_}; }

 private:
  void check(std::uint64_t number, std::size_t size, std::string_view text) {
    const bool right =
        number == next_ && size == size_at(number) &&
        std::all_of(text.begin(), text.end(), [&](char each) { return each == letter_at(number); });
    if (!right && wrong_.empty())
      wrong_ = "number " + std::to_string(number) + " in the place of " + std::to_string(next_);
    ++next_;
  }
  std::uint64_t next_ = 0;
  std::string wrong_;
};

void send_all(const troupe::actor<reader>& to, std::uint64_t count) {
  for (std::uint64_t n = 0; n < count; ++n) {
    const std::string text(size_at(n), letter_at(n));
    if (n % 50 == 49) {
      if (to.ask<&reader::answer>(n, text).get() != text) throw std::runtime_error{"another answer"};
    } else if (n % 2 == 0) {
      to.tell<&reader::read>(n, text);
    } else {
      to.tell<&reader::take>(n, text);
    }
  }
}

/// Adds up what has come, also in the processes before it.
class adder {
 public:
  adder() {
    if (const auto saved = troupe::this_actor::restored<std::uint64_t>()) sum_ = *saved;
  }
  void add(std::span<const std::uint64_t> numbers) {
    for (const auto each : numbers) sum_ += each;
    troupe::this_actor::checkpoint(sum_);
  }
  std::uint64_t sum() const { return sum_; }

 private:
  std::uint64_t sum_ = 0;
};

}  // namespace

TEST_CASE("on each lane messages of all sizes come whole and in order, from hosts and from actors") {
  troupe::actor_system system{{.lane = GENERATE(values(lanes))}};
  const std::uint64_t count = support::scaled(3000U);
  for (const bool by_actor : {false, true}) {
    const auto to = system.spawn<reader>();
    if (by_actor) {
      CHECK(system.spawn<send_all>(to, count).join().ok());
    } else {
      send_all(to, count);
    }
    const auto [came, wrong] = to.ask<&reader::end>().get();
    CHECK(came == count);
    CHECK(wrong.empty());
  }
}

TEST_CASE("on each lane what a dead actor had not finished comes to its next process, once") {
  troupe::actor_system system{{.output = troupe::output::discard}};
  const auto to = system.spawn<adder>({.lane = GENERATE(values(lanes)),
                                       .restart = {.when = troupe::restart::on_crash, .most = 1000},
                                       .max_attempts = 1000});
  std::uint64_t expected = 0;
  for (std::uint64_t n = 0; n < 300; ++n) {
    const std::vector<std::uint64_t> numbers(n % 3 == 0 ? 20'000 : 10, n);
    expected += n * numbers.size();
    to.tell<&adder::add>(numbers);
    if (n % 30 == 0) to.kill();
  }
  CHECK(to.ask<&adder::sum>().get() == expected);
}

TEST_CASE("the environment chooses a lane where the options do not, and must name one") {
  ::setenv("TROUPE_LANE", "ring", 1);
  CHECK(troupe::actor_system{}.spawn<reader>().ask<&reader::answer>(0U, "").get().empty());
  ::setenv("TROUPE_LANE", "post", 1);
  CHECK_THROWS_WITH(troupe::actor_system{}, Catch::Contains("TROUPE_LANE=post") && Catch::Contains("ring"));
  ::unsetenv("TROUPE_LANE");
}
