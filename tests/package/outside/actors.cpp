// A class, a function, a queue, a pool, a crash: what the README promises, from an installed copy.
#include <troupe/pool.hpp>
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "parts.hpp"

#include <csignal>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <vector>

namespace {

class counter {
 public:
  explicit counter(int start) : total_{start} {}
  void add(int n) { total_ += n; }
  int total() const { return total_; }
  int refuse() { throw std::out_of_range{"no"}; }
  int crash() {
    std::raise(SIGSEGV);
    return 0;
  }

 private:
  int total_;
};

struct batch {  // a plain aggregate travels as it is
  int number = 0;
  std::vector<int> values;
};

void producer(troupe::queue<batch> out, int count) {
  for (int i = 0; i < count; ++i) out.put(batch{i, {i, i + 1}});
  out.close();
}

int failures = 0;
void expect(bool as_promised, const char* what) {
  if (as_promised) return;
  std::cerr << "not as promised: " << what << '\n';
  ++failures;
}

void a_class(troupe::actor_system& system) {
  auto c = system.spawn<counter>(5);
  c.tell<&counter::add>(7);
  expect(c.ask<&counter::total>().get() == 12, "the total");
  try {
    c.ask<&counter::refuse>().get();
    expect(false, "an exception");
  } catch (const std::out_of_range&) {  // thrown in another process, and in another module's code
  }
  try {
    c.ask<&counter::crash>().get();
    expect(false, "a crash");
  } catch (const troupe::actor_down& down) {
    expect(down.status().kind == troupe::exit_kind::signal && down.status().code == SIGSEGV, "its signal");
  }
}

void a_queue(troupe::actor_system& system) {
  auto batches = system.make_queue<batch>();
  auto function = system.spawn<producer>(batches, 100);
  int sum = 0;
  for (const batch& each : batches) sum += each.number + each.values.at(1);
  expect(sum == 4950 + 5050, "the sum of the batches");
  expect(function.join().ok(), "the end of the function");
}

int square(int n) { return n * n; }

void a_pool(troupe::actor_system& system) {
  troupe::pool pool{system, {.workers = 2}};
  expect(pool.map<square>(std::vector{1, 2, 3}) == std::vector{1, 4, 9}, "the squares");
}

}  // namespace

int main() {
  troupe::actor_system system;
  a_class(system);
  a_queue(system);
  a_pool(system);
  expect(parts::greeting_by_an_actor(system, "world") == "hello, world", "an actor of a library");
  if (failures == 0) std::cout << "all as promised\n";
  return failures;
}
