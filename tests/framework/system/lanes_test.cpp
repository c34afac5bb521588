// Whichever lane messages take, they come whole, in order, and after deaths of either end.
#include <troupe/troupe.hpp>

#include "support/processes.hpp"
#include "support/scaled.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <span>
#include <sstream>
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

/// What this process has mapped there; nothing: memory that has no name.
std::string mapping_of(const void* address) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps{"/proc/self/maps"};
  for (std::string line; std::getline(maps, line);) {
    // "7f10-7f20 r--s 00001000 00:01 1234   /memfd:troupe-journals (deleted)"
    std::istringstream in{line};
    std::uintptr_t first = 0, end = 0;
    char dash = 0;
    std::string rights, offset, device, inode, name;
    in >> std::hex >> first >> dash >> end >> rights >> offset >> device >> inode >> std::ws;
    std::getline(in, name);
    if (first <= at && at < end) return name;
  }
  return "nowhere";
}

constexpr char mark = 'v';

/// Says where what it is shown lies, and whether it is what was sent.
class looker {
 public:
  std::string text(std::string_view seen) const { return place_of(seen); }
  std::string bytes(std::span<const std::byte> seen) const { return place_of(seen); }
  std::string numbers(std::span<const std::uint64_t> seen) const { return place_of(seen); }
  std::string odd_numbers(char, std::span<const std::uint64_t> seen) const { return place_of(seen); }
  std::string value(const std::string& seen) const { return place_of(seen); }

 private:
  template <class Seen>
  static std::string place_of(const Seen& seen) {
    const bool right = !seen.empty() && std::all_of(seen.begin(), seen.end(), [](auto each) {
      return each == static_cast<decltype(each)>(mark);
    });
    return (right ? "" : "something else, ") + mapping_of(seen.data());
  }
};

/// It looks once all has been sent: on each lane it may find in the journal what its sender has not come to.
template <auto Method, class... Arguments>
std::string place_seen(const troupe::actor<looker>& by, const Arguments&... arguments) {
  by.pause();
  REQUIRE(support::wait_until([&] { return support::state_of(by.pid()) == 'T'; }));
  auto answer = by.ask<Method>(arguments...);
  by.resume();
  return answer.get();
}

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

TEST_CASE("views of a large message lie in the journal on the lane `ring`, and never on the lane `socket`") {
  constexpr std::size_t large = 20'000, little = 100;
  troupe::actor_system system;
  const bool by_ring = GENERATE(true, false);
  const auto one = system.spawn<looker>({.lane = by_ring ? troupe::lane::ring : troupe::lane::socket});
  const std::string text(large, mark), short_text(little, mark);
  const std::vector<std::byte> bytes(large, static_cast<std::byte>(mark));
  const std::vector<std::uint64_t> numbers(large / sizeof(std::uint64_t), mark);
  (void)one.ask<&looker::value>(text).get();  // the connection is made now
  const auto lies_in_journal = [](const std::string& place) {
    CHECK_THAT(place, !Catch::Contains("something else") && !Catch::Contains("nowhere"));
    return place.starts_with("/memfd:troupe-journals");
  };
  CHECK(lies_in_journal(place_seen<&looker::text>(one, text)) == by_ring);
  CHECK(lies_in_journal(place_seen<&looker::bytes>(one, bytes)) == by_ring);
  CHECK(lies_in_journal(place_seen<&looker::numbers>(one, numbers)) == by_ring);
  // What is little, is wanted as a value, or cannot be read where it lies is a copy on each lane.
  CHECK_FALSE(lies_in_journal(place_seen<&looker::text>(one, short_text)));
  CHECK_FALSE(lies_in_journal(place_seen<&looker::value>(one, text)));
  CHECK_FALSE(lies_in_journal(place_seen<&looker::odd_numbers>(one, 'c', numbers)));
}

TEST_CASE("the environment chooses a lane where the options do not, and must name one") {
  ::setenv("TROUPE_LANE", "ring", 1);
  CHECK(troupe::actor_system{}.spawn<reader>().ask<&reader::answer>(0U, "").get().empty());
  ::setenv("TROUPE_LANE", "post", 1);
  CHECK_THROWS_WITH(troupe::actor_system{}, Catch::Contains("TROUPE_LANE=post") && Catch::Contains("ring"));
  ::unsetenv("TROUPE_LANE");
}
