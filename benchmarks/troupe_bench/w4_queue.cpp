// W4: one producer and two consumers, each a process, on one queue; until all items are consumed. Once with a queue that
// survives its own death, and once with one that does not.
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

#include "workloads.hpp"

#include <algorithm>
#include <string>

namespace bench {

namespace {

/// What one consumer has consumed, or the producer produced.
struct account {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
  std::int64_t when = 0;  ///< of the first put, or of the last get
};

std::int64_t now() { return clock::now().time_since_epoch().count(); }

void produce(troupe::queue<payload> out, troupe::queue<account> accounts, std::uint64_t count,
             std::int64_t limit) {
  account made{0, 0, now()};
  payload item;
  for (; made.count < count && (made.count % 64 != 0 || now() - made.when < limit); ++made.count) {
    item.number = made.count;
    out.put(item);
    made.sum += item.number;
  }
  out.close();
  accounts.put(made);
}

void consume(troupe::queue<payload> in, troupe::queue<account> accounts) {
  account taken;
  while (const auto item = in.get()) {
    ++taken.count;
    taken.sum += item->number;
  }
  taken.when = now();
  accounts.put(taken);
}

void fan_out(const std::string& metric, const troupe::queue_options& options) {
  const auto much = choose({500'000, std::chrono::seconds{1}}, {100'000, std::chrono::milliseconds{300}});
  troupe::actor_system system;
  const auto items = system.make_queue<payload>(options);
  auto consumers = system.make_queue<account>();
  auto producers = system.make_queue<account>();
  system.spawn<consume>(items, consumers);
  system.spawn<consume>(items, consumers);
  system.spawn<produce>(items, producers, much.count, clock::duration{much.limit}.count());

  const auto made = producers.get().value();
  const auto first = consumers.get().value();
  const auto second = consumers.get().value();
  check(first.count + second.count == made.count && first.sum + second.sum == made.sum,
        "every item is consumed once");

  const auto took =
      std::chrono::duration<double>(clock::duration{std::max(first.when, second.when) - made.when});
  report("W4", metric, static_cast<double>(made.count) / took.count(), "msg/s");
  const auto less = static_cast<double>(std::min(first.count, second.count));
  report("W4", metric + "_share", 100.0 * less / static_cast<double>(made.count), "%");
}

}  // namespace

void queue_fan_out() {
  fan_out("rate", {});
  fan_out("mortal_rate", {.survives = false});
}

}  // namespace bench
