// The first half of the tour: processes, actors, queues, pipes, timers.
#include <troupe/pipe.hpp>
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "tour.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace tour {

// 1. Any function can run in a process of its own. A handle tells of it. Processes run side by side.

lines functions_in_processes(const settings& given, troupe::actor_system& system) {
  const troupe::process sleeper = system.spawn<take_a_nap>({.name = "sleeper"}, given.nap);
  lines told{sleeper.name() + " is process " + std::to_string(sleeper.pid())};
  told.push_back(sleeper.is_alive() ? "it is alive" : "it has ended already");
  told.push_back("after join: " + to_string(sleeper.join()));

  const auto seconds = seconds_of([&] {
    std::vector<troupe::process> sleepers;
    for (int n = 0; n < 5; ++n) sleepers.push_back(system.spawn<take_a_nap>(given.nap));
    for (const auto& each : sleepers) each.join();
  });
  told.push_back("five naps of " + std::to_string(given.nap.count()) + " ms took " + decimals(seconds) +
                 " s");
  return told;
}

// 2. Any class is an actor: its object lives in a process of its own, and messages call its members, one after another.

class counter {
 public:
  explicit counter(int start) : total_{start} {}
  void add(int n) { total_ += n; }
  int total() const { return total_; }
  std::string where() const {
    return troupe::this_actor::name() + ", process " + std::to_string(troupe::this_actor::pid());
  }

 private:
  int total_;
};

lines a_class_as_an_actor(const settings&, troupe::actor_system& system) {
  const auto five = system.spawn<counter>({.name = "counter"}, 5);
  five.tell<&counter::add>(7);  // does not wait
  five.tell<&counter::add>(30);
  const auto total = five.ask<&counter::total>().get();  // behind what was told before
  lines told{"5 + 7 + 30 = " + std::to_string(total), "said " + five.ask<&counter::where>().get()};
  five.stop();
  told.push_back("after stop and join: " + to_string(five.join()));
  return told;
}

// 3. A queue between processes: each item goes to one reader, and closing it ends the readers' loops.

void produce(troupe::queue<int> to, int count) {
  for (int n = 0; n < count; ++n) to.put(n);
}
void consume(troupe::queue<int> from, troupe::queue<int> sums) {
  int sum = 0;
  for (const int n : from) sum += n;
  sums.put(sum);
}

lines a_queue(const settings&, troupe::actor_system& system) {
  auto numbers = system.make_queue<int>({.capacity = 10});  // full, it makes the producer wait
  auto sums = system.make_queue<int>();
  const auto producer = system.spawn<produce>(numbers, 100);
  const auto one = system.spawn<consume>(numbers, sums);
  const auto other = system.spawn<consume>(numbers, sums);
  producer.join();
  numbers.close();
  one.join();
  other.join();
  sums.close();
  int sum = 0;
  for (const int each : sums) sum += each;
  return {"two consumers added up the numbers below 100: " + std::to_string(sum)};
}

// 4. A pipe is a conversation between two. It ends when one of them closes its end, or dies: the other can tell which.

void measure(troupe::pipe_end<int, std::string> end) {
  while (const auto word = end.receive()) end.send(static_cast<int>(word->size()));
}

lines a_pipe(const settings&, troupe::actor_system& system) {
  troupe::pipe<std::string, int> line{system};
  const auto other = system.spawn<measure>(std::move(line.second));
  lines told;
  for (const char* word : {"one", "three"}) {
    line.first.send(word);
    told.push_back(std::string{word} + " has " + std::to_string(line.first.receive().value()) + " letters");
  }
  line.first.close();
  told.push_back("the other end: " + to_string(other.join()));
  return told;
}

// 5. An actor does things by the clock as well.

class ticker {
 public:
  ticker(troupe::queue<int> to, std::chrono::milliseconds period) : to_{std::move(to)} {
    troupe::this_actor::every(period, [this] { tick(); });
  }

 private:
  void tick() {
    to_.put(++ticks_);
    if (ticks_ == 3) troupe::this_actor::stop();
  }
  troupe::queue<int> to_;
  int ticks_ = 0;
};

lines timers(const settings& given, troupe::actor_system& system) {
  auto ticks = system.make_queue<int>();
  system.spawn<ticker>(ticks, given.nap / 10).join();
  ticks.close();
  std::vector<int> seen;
  for (const int tick : ticks) seen.push_back(tick);
  return {"ticked " + listed(seen)};
}

}  // namespace tour
