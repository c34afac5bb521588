// What processes share by handles, used from other nodes: queues, pipes, managers.
#include <troupe/manager.hpp>
#include <troupe/node.hpp>
#include <troupe/pipe.hpp>
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "place.hpp"
#include "support/range.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <signal.h>
#include <string>
#include <vector>

namespace {

using support::place;

void put_all(troupe::queue<int> into, int from, int to) {
  for (int n = from; n < to; ++n) into.put(n);
}
void pass_on(troupe::queue<int> from, troupe::queue<int> to) {
  while (const auto item = from.get()) to.put(*item);
}
/// Dies with what it has been given.
void take_some_and_die(troupe::queue<int> from, int count) {
  for (int n = 0; n < count; ++n) (void)from.get();
  ::raise(SIGKILL);
}
std::vector<int> rest_of(troupe::queue<int>& from) {
  std::vector<int> all;
  while (const auto item = from.get()) all.push_back(*item);
  std::sort(all.begin(), all.end());
  return all;
}

using lines = troupe::pipe_end<std::string, std::string>;
void echo(lines end) {
  while (const auto line = end.receive()) end.send(*line + "!");
}
void die_at(lines end, const std::string& word) {
  while (end.receive() != word) {
  }
  ::raise(SIGKILL);
}

void count(troupe::dict<std::string, int> where, int times) {
  for (int n = 0; n < times; ++n) where.update("n", [](int& value) { ++value; });
}

}  // namespace

TEST_CASE("a queue is filled and emptied from other nodes, and each item comes once") {
  place first, second{{first.node.address()}}, third{{first.node.address()}};
  troupe::queue<int> in{first.system}, out{first.system, {.capacity = 4000}};
  std::vector<troupe::process> writers, readers;
  for (int i = 0; i < 4; ++i) {
    const auto& where = i % 2 == 0 ? second : third;
    writers.push_back(first.system.spawn<&put_all>({.on = where.node.self()}, in, i * 500, (i + 1) * 500));
    readers.push_back(first.system.spawn<&pass_on>({.on = where.node.self()}, in, out));
  }
  for (const auto& each : writers) CHECK(each.join().ok());
  in.close();
  for (const auto& each : readers) CHECK(each.join().ok());
  out.close();
  CHECK(rest_of(out) == support::range(2000));
}

TEST_CASE(
    "a reader on another node that dies gives back what it was given last, and its node what all its readers "
    "had") {
  place first{{}, "", std::chrono::milliseconds{500}};
  auto second =
      std::make_unique<place>(std::vector{first.node.address()}, "", std::chrono::milliseconds{500});
  troupe::queue<int> items{first.system};
  put_all(items, 0, 100);
  items.close();
  const auto dies = first.system.spawn<&take_some_and_die>({.on = second->node.self()}, items, 7);
  CHECK(dies.join().code == SIGKILL);
  troupe::queue<int> nowhere{first.system};
  const auto goes = first.system.spawn<&pass_on>({.on = second->node.self()}, items, nowhere);
  std::vector<int> seen{nowhere.get().value()};
  second.reset();
  CHECK(goes.join().kind == troupe::exit_kind::node_down);
  nowhere.close();
  for (auto* const each : {&items, &nowhere}) {
    const auto rest = rest_of(*each);
    seen.insert(seen.end(), rest.begin(), rest.end());
  }
  // Of seven the first reader was done with six at most: it had asked for the next one. Some may have come twice.
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  CHECK(seen.size() >= 94);
}

TEST_CASE("a pipe has an end on another node, and a close and a death are told apart") {
  place first, second{{first.node.address()}};
  {
    troupe::pipe<std::string, std::string> pipe{first.system};
    const auto there = first.system.spawn<&echo>({.on = second.node.self()}, std::move(pipe.first));
    for (const std::string word : {"one", "two"}) {
      pipe.second.send(word);
      CHECK(pipe.second.receive() == word + "!");
    }
    pipe.second.close();
    CHECK(there.join().ok());
  }
  troupe::pipe<std::string, std::string> pipe{first.system};
  const auto there = first.system.spawn<&die_at>({.on = second.node.self()}, std::move(pipe.first), "now");
  pipe.second.send("now");
  CHECK_THROWS_AS(pipe.second.receive(), troupe::pipe_broken);
  CHECK(there.join().code == SIGKILL);
}

TEST_CASE("an object of a manager is changed from other nodes, a change at a time") {
  place first, second{{first.node.address()}};
  troupe::manager shared{first.system};
  auto numbers = shared.make_dict<std::string, int>({{"n", 0}});
  std::vector<troupe::process> all;
  for (int i = 0; i < 3; ++i)
    all.push_back(
        first.system.spawn<&count>({.on = i == 0 ? troupe::placement{} : second.node.self()}, numbers, 200));
  for (const auto& each : all) CHECK(each.join().ok());
  CHECK(numbers.get("n") == 600);
}
