// Circles that close through a queue.
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include <catch2/catch.hpp>
#include <string>

using Catch::Contains;

namespace {

/// Puts into a queue, in a handler.
class writer {
 public:
  int put(troupe::queue<int> into, int count) {
    for (int i = 0; i < count; ++i) into.put(i);
    return count;
  }
  int written() const { return 0; }
};

/// Reads one item, and then asks whoever is to write more.
class reader {
 public:
  int get_then_ask(troupe::queue<int> from, troupe::actor<writer> whom) {
    const int first = from.get().value();
    return first + whom.ask<&writer::written>().get();
  }
  int get(troupe::queue<int> from) { return from.get().value(); }
};

}  // namespace

TEST_CASE("a queue is full, and its only reader waits for the writer: one of them is told, and both go on") {
  troupe::actor_system system;
  const auto writes = system.spawn<writer>({.name = "writes"});
  const auto reads = system.spawn<reader>({.name = "reads"});
  auto queue = system.make_queue<int>({.capacity = 2, .at_once = 1, .name = "between"});
  auto written = writes.ask<&writer::put>(queue, 10);
  auto read = reads.ask<&reader::get_then_ask>(queue, writes);
  // Whoever blocked last closed the circle: the writer, where taking the first item had made room for one more.
  std::string told;
  try {
    static_cast<void>(read.get());
    CHECK_THROWS_AS(written.get(), troupe::would_deadlock);
    told = "the writer";
  } catch (const troupe::would_deadlock& circle) {
    CHECK_THAT(circle.what(),
               Contains("reads waits for writes, which waits for between, which waits for reads"));
    for (int i = 0; i < 10; ++i) CHECK(reads.ask<&reader::get>(queue).get() == i);  // its item came back
    CHECK(written.get() == 10);
    told = "the reader";
  }
  INFO(told);
  CHECK(writes.ask<&writer::written>().get() == 0);
}

TEST_CASE("a queue that the host reads too is no circle: the host may go on") {
  troupe::actor_system system;
  const auto writes = system.spawn<writer>();
  const auto reads = system.spawn<reader>();
  auto queue = system.make_queue<int>({.capacity = 2, .at_once = 1});
  auto written = writes.ask<&writer::put>(queue, 10);
  CHECK(queue.get() == 0);
  auto answer = reads.ask<&reader::get_then_ask>(queue, writes);
  while (!written.wait_for(std::chrono::milliseconds{100})) static_cast<void>(queue.get());
  CHECK(answer.get() > 0);
}
