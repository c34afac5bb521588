// What other threads of an actor's process post to it.
#include <troupe/poster.hpp>
#include <troupe/troupe.hpp>

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// Has threads of its own, as actors that drive a foreign library have.
class driver {
 public:
  ~driver() {
    for (auto& each : threads_) each.join();
  }
  troupe::promise<std::vector<int>> collect(int threads, int of_each) {
    wanted_ = threads * of_each;
    const troupe::this_actor::poster here;
    for (int t = 0; t < threads; ++t) {
      threads_.emplace_back([this, here, t, of_each] {
        for (int i = 0; i < of_each; ++i) here.post([this, t, i] { take(t, i); });
      });
    }
    return all_;
  }
  int same(int n) const { return n; }
  void fail_later() {
    threads_.emplace_back(
        [here = troupe::this_actor::poster{}] { here.post([] { throw std::out_of_range{"posted"}; }); });
  }

 private:
  void take(int thread, int number) {
    if (std::this_thread::get_id() != own_)
      return all_.set_exception(std::make_exception_ptr(std::logic_error{"thread"}));
    came_.push_back(thread * 1'000'000 + number);
    if (came_.size() == static_cast<std::size_t>(wanted_)) all_.set_value(came_);
  }
  std::thread::id own_ = std::this_thread::get_id();
  int wanted_ = 0;
  std::vector<int> came_;
  std::vector<std::thread> threads_;
  troupe::promise<std::vector<int>> all_;
};

}  // namespace

TEST_CASE("what threads post runs in the actor's own, each thread's in order, beside messages") {
  troupe::actor_system system;
  auto it = system.spawn<driver>();
  auto all = it.ask<&driver::collect>(3, 2000);
  for (int i = 0; i < 200; ++i) CHECK(it.ask<&driver::same>(i).get(60s) == i);
  const auto came = all.get(60s);
  REQUIRE(came.size() == 6000);
  std::vector<int> next(3, 0);
  for (const int each : came)
    CHECK(each % 1'000'000 == next.at(static_cast<std::size_t>(each / 1'000'000))++);
}

TEST_CASE("an actor that sleeps is woken by what is posted") {
  troupe::actor_system system;
  auto it = system.spawn<driver>();
  CHECK(it.ask<&driver::collect>(1, 1).get(60s) == std::vector<int>{0});
}

TEST_CASE("an exception out of what was posted ends the actor") {
  troupe::actor_system system;
  auto it = system.spawn<driver>();
  it.tell<&driver::fail_later>();
  CHECK(it.join().exception_text == "posted");
}

TEST_CASE("there are no posters outside of actors, nor in a function's process") {
  troupe::actor_system system;
  CHECK_THROWS_AS(troupe::this_actor::poster{}, std::logic_error);
  auto function = system.spawn([] { troupe::this_actor::poster here; });
  CHECK(function.join().exception_type == "std::logic_error");
}
