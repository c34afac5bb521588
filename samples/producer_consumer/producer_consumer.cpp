// Producers and consumers around one queue: each item goes to one consumer, whichever is free.
//
// It ends by closing: when the producers have no more, the consumers' loop ends by itself. With --sentinel it ends as
// tutorials teach it, by items that mean "no more"; see README.md for what has to be right for that.
#include <troupe/launcher.hpp>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <random>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;

/// A number, or, where the program ends by sentinels, the end.
struct item {
  std::uint64_t number = 0;
  bool is_sentinel = false;
};

struct settings {
  std::uint64_t items = 20;
  unsigned producers = 1;
  unsigned consumers = 2;
  std::chrono::milliseconds delay = 0ms;
  bool sentinel = false;
  bool verbose = false;
};

/// Waits for a random time of at most `delay`, as work would take it.
void work(std::chrono::milliseconds delay) {
  if (delay == 0ms) return;
  static std::mt19937 random{std::random_device{}()};
  std::uniform_int_distribution<std::int64_t> up_to{0, delay.count()};
  std::this_thread::sleep_for(std::chrono::milliseconds{up_to(random)});
}

class producer {
 public:
  explicit producer(const settings& given) : given_{given} {}

  /// The numbers from 0; then, with --sentinel, for each producer one sentinel for each consumer. Positions are dealt out
  /// to the producers in turn, so each of them comes to as many sentinels as there are consumers, after its own numbers.
  std::optional<item> next(std::uint64_t position) {
    if (position >= given_.items) {
      const auto sentinels = given_.sentinel ? std::uint64_t{given_.producers} * given_.consumers : 0;
      if (position - given_.items >= sentinels) return std::nullopt;
      return item{.is_sentinel = true};
    }
    work(given_.delay);
    if (given_.verbose) std::cout << "produced " << position << std::endl;
    return item{.number = position};
  }

 private:
  settings given_;
};

/// What a consumer has seen.
struct tally {
  std::uint64_t items = 0;
  std::uint64_t sum = 0;
  std::uint64_t sentinels = 0;
};

class consumer {
 public:
  explicit consumer(const settings& given) : given_{given} {}

  void operator()(const item& next) {
    work(given_.delay);
    ++seen_.items;
    seen_.sum += next.number;
    if (given_.verbose) std::cout << "consumed " << next.number << std::endl;
  }

  tally result() const {
    std::cout << "consumed " << seen_.items << " items" << std::endl;
    return seen_;
  }

  // A consumer that dies is replaced by one that goes on from here.
  tally save() const { return seen_; }
  void restore(const tally& saved) { seen_ = saved; }

 private:
  settings given_;
  tally seen_;
};

/// The same for the variant with sentinels.
class consumer_until_sentinel {
 public:
  explicit consumer_until_sentinel(const settings& given) : consumer_{given}, producers_{given.producers} {}

  /// False: no more for me. Each producer has put one sentinel for each consumer, so a consumer is done at as many as there
  /// are producers.
  bool operator()(const item& next) {
    if (next.is_sentinel) return ++sentinels_ < producers_;
    consumer_(next);
    return true;
  }

  tally result() const {
    auto seen = consumer_.result();
    seen.sentinels = sentinels_;
    return seen;
  }

  tally save() const {
    auto seen = consumer_.save();
    seen.sentinels = sentinels_;
    return seen;
  }
  void restore(const tally& saved) {
    sentinels_ = saved.sentinels;
    consumer_.restore(saved);
  }

 private:
  consumer consumer_;
  unsigned producers_;
  std::uint64_t sentinels_ = 0;
};

troupe::summary summarize(const std::vector<tally>& consumers, const troupe::run_report&) {
  tally all;
  for (const auto& each : consumers) {
    all.items += each.items;
    all.sum += each.sum;
    all.sentinels += each.sentinels;
  }
  const boost::json::object json{
      {"items", all.items}, {"sum", all.sum}, {"sentinels", all.sentinels}, {"consumers", consumers.size()}};
  return {.json = boost::json::serialize(json),
          .text = "All consumers together: " + std::to_string(all.items) + " items, sum " +
                  std::to_string(all.sum) + ".\n"};
}

troupe::topology producer_consumer(const settings& given) {
  troupe::topology graph{"producer_consumer"};
  const auto from = graph.source<producer>("producer", {.replicas = given.producers}, given);
  const troupe::node_options several{.replicas = given.consumers};
  const auto to = given.sentinel ? graph.sink<consumer_until_sentinel>("consumer", several, given)
                                 : graph.sink<consumer>("consumer", several, given);
  graph.connect(from, to);
  graph.conclude(to, summarize);
  return graph;
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>("producer_consumer", "Producers and consumers around one queue.",
                                      producer_consumer)
        .group("Queues")
        .option("items", &settings::items, "numbers to produce")
        .option("producers", &settings::producers, "processes that produce", {.least = 1, .most = 256})
        .option("consumers", &settings::consumers, "processes that consume", {.least = 1, .most = 256})
        .option("delay", &settings::delay, "each item takes a random time of at most this, at both ends")
        .option("sentinel", &settings::sentinel,
                "end by an item that means so, one for each consumer, not by closing")
        .option("verbose", &settings::verbose, "a line for each item");

}  // namespace
