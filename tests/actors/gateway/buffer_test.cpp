// Shared memory in messages between nodes.
#include <troupe/mutex.hpp>
#include <troupe/node.hpp>
#include <troupe/shared_array.hpp>
#include <troupe/shared_buffer.hpp>
#include <troupe/shared_value.hpp>
#include <troupe/troupe.hpp>

#include "place.hpp"
#include "support/processes.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

using support::place;
constexpr auto soon = 60s;

troupe::shared_buffer filled(std::size_t size, int with) {
  troupe::shared_buffer made{size};
  std::ranges::fill(made.bytes(), static_cast<std::byte>(with));
  return made;
}
bool is_full_of(std::span<const std::byte> bytes, int what) {
  return std::ranges::all_of(bytes, [&](std::byte each) { return each == static_cast<std::byte>(what); });
}

class keeper {
 public:
  keeper() = default;
  explicit keeper(troupe::shared_buffer first) { keep(std::move(first)); }

  void keep(troupe::shared_buffer buffer) { kept_.push_back(std::move(buffer)); }
  void keep_sealed(troupe::sealed_buffer buffer) { sealed_.push_back(std::move(buffer)); }
  /// The sizes of all, where each is full of the number that it came as.
  std::vector<std::size_t> sizes() const {
    std::vector<std::size_t> all;
    for (const auto& each : kept_) {
      if (!is_full_of(each.bytes(), static_cast<int>(all.size())))
        throw std::runtime_error{"other bytes came"};
      all.push_back(each.size());
    }
    return all;
  }
  troupe::shared_buffer changed(troupe::shared_buffer buffer, int to) {
    std::ranges::fill(buffer.bytes(), static_cast<std::byte>(to));
    return buffer;
  }
  troupe::shared_buffer given_back(troupe::shared_buffer buffer) { return buffer; }
  troupe::sealed_buffer seal(troupe::shared_buffer buffer) { return std::move(buffer).seal(); }
  std::vector<troupe::shared_buffer> split(troupe::shared_buffer buffer, std::size_t parts) {
    std::vector<troupe::shared_buffer> all;
    for (std::size_t i = 0; i < parts; ++i)
      all.push_back(filled(buffer.size() / parts, std::to_integer<int>(buffer.bytes().front())));
    return all;
  }
  int share(const troupe::shared_value<int>& value) { return value.load(); }
  int lock(const troupe::mutex&) { return 1; }
  troupe::shared_array<int> array() const { return troupe::shared_array<int>(10); }

 private:
  std::vector<troupe::shared_buffer> kept_;
  std::vector<troupe::sealed_buffer> sealed_;
};

struct two_nodes {
  place first{}, second{{first.node.address()}};
  template <class... Arguments>
  troupe::actor<keeper> keeper_there(Arguments&&... arguments) {
    return first.system.spawn<keeper>({.on = second.node.self()}, std::forward<Arguments>(arguments)...);
  }
};

}  // namespace

TEST_CASE("a shared_buffer for another node is copied, and given away all the same") {
  two_nodes nodes;
  const auto there = nodes.keeper_there();
  auto buffer = filled(100'000, 0);
  there.tell<&keeper::keep>(std::move(buffer));
  CHECK_FALSE(buffer);
  CHECK_THROWS_AS(there.tell<&keeper::keep>(std::move(buffer)), std::logic_error);
  there.tell<&keeper::keep>(filled(1, 1));
  there.tell<&keeper::keep>(filled(20'000'000, 2));  // in more than one frame
  CHECK(there.ask<&keeper::sizes>().get(soon) == std::vector<std::size_t>{100'000, 1, 20'000'000});
}

TEST_CASE("a shared_buffer goes to an actor as it is started on another node") {
  two_nodes nodes;
  const auto there = nodes.keeper_there(filled(5000, 0));
  CHECK(there.ask<&keeper::sizes>().get(soon) == std::vector<std::size_t>{5000});
}

TEST_CASE("a shared_buffer comes back from another node, and is its new owner's to write to and to seal") {
  two_nodes nodes;
  const auto there = nodes.keeper_there();
  auto back = there.ask<&keeper::changed>(filled(100'000, 1), 2).get(soon);
  REQUIRE(back.size() == 100'000);
  CHECK(is_full_of(back.bytes(), 2));
  std::ranges::fill(back.bytes(), std::byte{3});
  const auto sealed = std::move(back).seal();
  CHECK(is_full_of(sealed.bytes(), 3));

  const auto sealed_there = there.ask<&keeper::seal>(filled(1000, 4)).get(soon);
  CHECK(is_full_of(sealed_there.bytes(), 4));
  there.tell<&keeper::keep_sealed>(sealed_there);
  CHECK(is_full_of(sealed_there.bytes(), 4));  // still here
  CHECK(there.ask<&keeper::sizes>().get(soon).empty());

  const auto parts = there.ask<&keeper::split>(filled(16'000, 5), 16).get(soon);
  REQUIRE(parts.size() == 16);
  for (const auto& each : parts) CHECK((each.size() == 1000 && is_full_of(each.bytes(), 5)));
  CHECK_FALSE(there.ask<&keeper::given_back>(troupe::shared_buffer{}).get(soon));
}

TEST_CASE("buffers for a node whose actor reads nothing wait without a descriptor each") {
  two_nodes nodes;
  const auto there = nodes.keeper_there();
  CHECK(there.ask<&keeper::sizes>().get(soon).empty());
  there.pause();
  const auto beside = nodes.keeper_there();
  const auto has_now = [&] { return support::open_descriptors_of(nodes.second.gateway()).size(); };
  CHECK(beside.ask<&keeper::sizes>().get(soon).empty());
  const auto before = has_now();
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 200; ++i) {  // more than a mailbox takes, and less than the way to it has room for
    sizes.push_back(10);
    there.tell<&keeper::keep>(filled(sizes.back(), i));
  }
  CHECK(beside.ask<&keeper::sizes>().get(soon).empty());  // by when all of them have come to that gateway
  CHECK(has_now() < before + 100);
  there.resume();
  CHECK(there.ask<&keeper::sizes>().get(soon) == sizes);
}

TEST_CASE("what is shared with others stays on its machine, and it is said") {
  using Catch::Matchers::Contains;
  two_nodes nodes;
  const auto there = nodes.keeper_there();
  CHECK_THROWS_WITH(there.ask<&keeper::share>(troupe::shared_value<int>{1}), Contains("one machine"));
  CHECK_THROWS_WITH(there.ask<&keeper::lock>(troupe::mutex{}), Contains("one machine"));
  CHECK_THROWS_WITH(there.ask<&keeper::array>().get(soon), Contains("another machine"));
  CHECK(there.ask<&keeper::sizes>().get(soon).empty());
}
