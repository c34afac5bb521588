// Managers that are killed while many use them: what their clients are told.
#include <troupe/manager.hpp>
#include <troupe/troupe.hpp>

#include "support/processes.hpp"
#include "support/scaled.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using stock = troupe::dict<std::string, int>;

/// Adds until there is nobody to add to: each of these is answered by its sum, or the news of the death.
void add_until_down(stock to, const std::string& own, troupe::shared_value<int> answered) {
  try {
    for (int sum = 1;; ++sum) {
      if (to.add(own, 1) != sum) throw std::logic_error{"an addition is lost, or was made twice"};
      answered.store(sum);
    }
  } catch (const troupe::actor_down&) {
  }
}

}  // namespace

TEST_CASE("fifty managers are killed under load: their clients hear of sums and of the death alone") {
  troupe::actor_system system;
  for (int round = 0; round < support::scaled(50); ++round) {
    const troupe::manager shared{system};
    const auto fruit = shared.make_dict<std::string, int>();
    std::vector<troupe::shared_value<int>> answered(2);
    std::vector<troupe::process> clients;
    for (std::size_t i = 0; i < 2; ++i) {
      answered[i] = troupe::shared_value<int>{0};
      clients.push_back(system.spawn<add_until_down>(fruit, std::to_string(i), answered[i]));
    }
    // In the middle of their work.
    for (const auto& each : answered) REQUIRE(support::wait_until([&] { return each.load() > round % 5; }));
    shared.handle().kill();
    for (const auto& each : clients) CHECK(each.join().ok());
    CHECK(shared.handle().join().code == SIGKILL);
    CHECK_THROWS_AS(fruit.size(), troupe::actor_down);
  }
}
