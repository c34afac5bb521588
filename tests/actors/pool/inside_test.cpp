#include <troupe/pool.hpp>
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "support/range.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <numeric>
#include <signal.h>
#include <vector>

namespace {

long square(long n) { return n * n; }
int die(int) {
  ::raise(SIGKILL);
  return 0;
}

std::vector<long> range(long from, long to) { return support::range(from, to); }

long sum_of(const std::vector<long>& all) { return std::accumulate(all.begin(), all.end(), 0L); }

/// An actor that has a pool of its own.
class manager {
 public:
  manager()
      : pool_{std::make_unique<troupe::pool>(troupe::this_actor::system(),
                                             troupe::pool_options{.workers = 2})} {}

  long map(long count) { return sum_of(pool_->map<square>(range(0, count))); }
  long imap(long count) {
    long sum = 0;
    for (const long each : pool_->imap<square>(range(0, count), {.chunk_size = 1})) sum += each;
    return sum;
  }
  /// More calls than workers, all waited for inside this handler: no callback can run meanwhile.
  long submit(long count) {
    std::vector<troupe::future<long>> all;
    for (long n = 0; n < count; ++n) all.push_back(pool_->submit<square>(n));
    long sum = 0;
    for (auto& each : all) sum += each.get();
    return sum;
  }
  long submit_as_completed(long count) {
    std::vector<troupe::future<long>> all;
    for (long n = 0; n < count; ++n) all.push_back(pool_->submit<square>(n));
    long sum = 0;
    for (auto& each : troupe::as_completed(all)) sum += each.get();
    return sum;
  }
  bool survives() {
    auto dead = pool_->submit<die>(1);
    auto next = pool_->submit<square>(3);
    return dead.exception() != nullptr && next.get() == 9;
  }

  /// Calls that get on between messages.
  void begin(long count) {
    for (long n = 0; n < count; ++n) {
      pool_->submit<square>(n).then([this](troupe::future<long> answer) {
        sum_ += answer.get();
        if (++answered_ == 100) whole_.set_value(sum_);
      });
    }
  }
  troupe::promise<long> whole() { return whole_; }

 private:
  std::unique_ptr<troupe::pool> pool_;
  troupe::promise<long> whole_;
  long sum_ = 0;
  int answered_ = 0;
};

void in_a_function(troupe::queue<long> report) {
  troupe::pool pool{troupe::this_actor::system(), {.workers = 2}};
  report.put(sum_of(pool.map<square>(range(0, 100))));
  std::vector<troupe::future<long>> all;
  for (long n = 0; n < 100; ++n) all.push_back(pool.submit<square>(n));
  long sum = 0;
  for (auto& each : all) sum += each.get();
  report.put(sum);
}

constexpr long sum_of_100 = 328350;

}  // namespace

TEST_CASE("a pool works inside an actor, and inside a handler that waits for it") {
  troupe::actor_system system;
  const auto one = system.spawn<manager>();
  CHECK(one.ask<&manager::map>(100).get() == sum_of_100);
  CHECK(one.ask<&manager::imap>(100).get() == sum_of_100);
  CHECK(one.ask<&manager::submit>(100).get() == sum_of_100);
  CHECK(one.ask<&manager::submit_as_completed>(100).get() == sum_of_100);
  CHECK(one.ask<&manager::survives>().get());
}

TEST_CASE("inside an actor, calls get on between messages") {
  troupe::actor_system system;
  const auto one = system.spawn<manager>();
  one.tell<&manager::begin>(100);
  CHECK(one.ask<&manager::whole>().get() == sum_of_100);
}

TEST_CASE("a pool works inside a function's process") {
  troupe::actor_system system;
  auto report = system.make_queue<long>();
  const auto one = system.spawn<in_a_function>(report);
  CHECK(report.get() == sum_of_100);
  CHECK(report.get() == sum_of_100);
  CHECK(one.join().ok());
}
