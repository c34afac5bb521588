// A pool of workers squares numbers: whoever is free takes the next, and the squares come back in order.
#include <troupe/launcher.hpp>
#include <troupe/pool.hpp>
#include <troupe/pool_chaos.hpp>
#include <troupe/this_actor.hpp>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace {

struct settings {
  std::uint64_t items = 10;
  unsigned workers = 2;
  std::uint64_t work = 100'000'000;
  std::uint64_t poison = 0;
  std::uint64_t kills = 0;
  std::uint64_t seed = 1;
};

struct question {
  std::uint64_t number = 0;
  std::uint64_t steps = 0;
  bool is_poison = false;
};

/// A square, and the process that made it.
struct answer {
  std::uint64_t square = 0;
  int pid = 0;
};

/// The square of a number, after as many steps of arithmetic as asked for, so that there is something to be parallel.
std::uint64_t square(const question& of) {
  volatile std::uint64_t wasted = 0;
  for (std::uint64_t i = 0; i < of.steps; ++i) wasted = wasted + i * i;
  return of.number * of.number;
}

/// What the workers run.
answer square_in_worker(const question& of) {
  if (of.is_poison) std::abort();
  return {.square = square(of), .pid = troupe::this_actor::pid()};
}

std::uint64_t square_of(std::uint64_t n) { return n * n; }
std::uint64_t product(std::uint64_t a, std::uint64_t b) { return a * b; }

boost::json::array to_json(const std::vector<std::uint64_t>& numbers) {
  boost::json::array all;
  for (const auto each : numbers) all.emplace_back(each);
  return all;
}

/// The squares of 0 to 9, asked for in each of the ways that a pool has.
boost::json::object in_every_way(troupe::pool& pool) {
  std::vector<std::uint64_t> numbers(10);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
  std::vector<std::pair<std::uint64_t, std::uint64_t>> pairs;
  for (const auto n : numbers) pairs.emplace_back(n, n);
  boost::json::object ways;

  ways["map"] = to_json(pool.map<square_of>(numbers));      // waits for all
  ways["starmap"] = to_json(pool.starmap<product>(pairs));  // for a function of several parameters

  std::vector<troupe::future<std::uint64_t>>
      answers;  // apply_async: one call at a time, whose answer comes later
  for (const auto n : numbers) answers.push_back(pool.submit<square_of>(n));
  auto& submitted = ways["apply_async"].emplace_array();
  for (auto& each : answers) submitted.emplace_back(each.get());

  auto& lazily = ways["imap"].emplace_array();  // one after another, while others are being made
  for (const auto each : pool.imap<square_of>(numbers)) lazily.emplace_back(each);

  auto& as_they_come = ways["imap_unordered"].emplace_array();  // whichever is there first
  for (const auto each : pool.imap_unordered<square_of>(numbers)) as_they_come.emplace_back(each);
  return ways;
}

template <class Work>
double seconds_of(const Work& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>{std::chrono::steady_clock::now() - began}.count();
}

std::string first_squares(const std::vector<answer>& answers) {
  std::string text = "[";
  for (std::size_t n = 0; n < answers.size(); ++n) {
    if (n == 20) return text + ", ...]";
    text += (n == 0 ? "" : ", ") + std::to_string(answers[n].square);
  }
  return text + "]";
}

troupe::summary summarize(const std::vector<answer>& answers, const std::vector<int>& workers,
                          double together, double alone, const boost::json::object& ways) {
  std::map<int, std::uint64_t> by_worker;
  for (const int pid : workers) by_worker[pid] = 0;
  boost::json::array squares;
  for (const auto& each : answers) {
    ++by_worker[each.pid];
    squares.emplace_back(each.square);
  }
  std::string text = first_squares(answers) + "\n";
  boost::json::array counts;
  for (const auto& [pid, count] : by_worker) {
    text += "process " + std::to_string(pid) + " squared " + std::to_string(count) + "\n";
    counts.push_back({{"pid", pid}, {"squared", count}});
  }
  std::array<char, 120> times{};
  std::snprintf(times.data(), times.size(),
                "one process alone %.2f s, %zu workers %.2f s: %.2f times as fast\n", alone, workers.size(),
                together, alone / together);
  text += times.data();
  for (const auto& [way, made] : ways) {
    text += std::string{way} + ":";
    for (const auto& each : made.as_array()) text += " " + boost::json::serialize(each);
    text += "\n";
  }
  const boost::json::object json{{"items", answers.size()},
                                 {"squares", squares},
                                 {"workers", counts},
                                 {"seconds", together},
                                 {"sequential_seconds", alone},
                                 {"speed_up", alone / together},
                                 {"ways", ways}};
  return {.json = boost::json::serialize(json), .text = text};
}

/// What became of all items, by number of those that had to be made again, and of those that were given up.
struct tally {
  std::uint64_t given_up = 0;
  std::uint64_t wrong = 0;
  boost::json::array poisoned;
  std::string text;
};

tally check(const std::vector<troupe::outcome<answer>>& outcomes) {
  tally all;
  for (std::uint64_t n = 0; n < outcomes.size(); ++n) {
    try {
      if (outcomes[n].value().square != n * n) ++all.wrong;
    } catch (const troupe::quarantined& given_up) {
      ++all.given_up;
      all.text += "given up: " + std::to_string(n) + ", after " + std::to_string(given_up.attempts().size()) +
                  " attempts: " + given_up.what() + "\n";
      all.poisoned.push_back(
          {{"item", n}, {"attempts", given_up.attempts().size()}, {"cause", given_up.what()}});
    }
  }
  return all;
}

/// The same squares again and again, until enough workers have died of it: each time all of them must come, and be right.
troupe::summary under_fire(const settings& given, const std::vector<question>& questions,
                           troupe::pool& pool) {
  const auto began = std::chrono::steady_clock::now();
  const troupe::pool_chaos at_work{pool, {.kills = given.kills, .seed = given.seed}};
  std::uint64_t rounds = 0;
  tally all;
  const troupe::map_options options{.max_attempts = given.poison != 0 ? 3 : 1000};
  do {
    all = check(pool.try_map<square_in_worker>(questions, options));
    ++rounds;
  } while (!at_work.is_over() && all.wrong == 0);
  const double seconds = std::chrono::duration<double>{std::chrono::steady_clock::now() - began}.count();
  const auto count = rounds * questions.size();
  const boost::json::object json{{"chaos", {{"kills", at_work.kills()}, {"seed", given.seed}}},
                                 {"items",
                                  {{"given", count},
                                   {"completed", count - rounds * all.given_up},
                                   {"given_up", rounds * all.given_up},
                                   {"wrong", all.wrong}}},
                                 {"quarantined", all.poisoned},
                                 {"rounds", rounds},
                                 {"seconds", seconds}};
  return {.json = boost::json::serialize(json),
          .text = std::to_string(at_work.kills()) + " workers killed, " + std::to_string(count) +
                  " squares made, " + std::to_string(all.wrong) + " wrong\n" + all.text};
}

std::vector<question> questions_of(const settings& given) {
  std::vector<question> questions(given.items);
  for (std::uint64_t n = 0; n < given.items; ++n)
    questions[n] = {.number = n, .steps = given.work, .is_poison = given.poison != 0 && n == given.poison};
  return questions;
}

/// With an item that no worker survives, the others are done.
troupe::summary with_poison(const std::vector<question>& questions, troupe::pool& pool) {
  const auto all = check(pool.try_map<square_in_worker>(questions));
  const auto count = questions.size();
  const boost::json::object json{{"items",
                                  {{"given", count},
                                   {"completed", count - all.given_up},
                                   {"given_up", all.given_up},
                                   {"wrong", all.wrong}}},
                                 {"quarantined", all.poisoned}};
  return {.json = boost::json::serialize(json),
          .text = std::to_string(count - all.given_up) + " of " + std::to_string(count) + " squared\n" +
                  all.text};
}

troupe::summary pool_map(const settings& given, troupe::actor_system& system,
                         const troupe::launcher::show_progress& show) {
  const auto questions = questions_of(given);
  troupe::pool pool{system, {.workers = given.workers, .name = "worker"}};
  if (given.kills != 0) return under_fire(given, questions, pool);
  if (given.poison != 0) return with_poison(questions, pool);
  std::vector<int> workers;
  for (const auto& each : pool.workers()) workers.push_back(each.pid());

  const auto began = std::chrono::steady_clock::now();
  const auto tell = [&](std::size_t done, std::optional<std::size_t>) {
    show({.nodes = {{"squares", done, given.items}}, .elapsed = std::chrono::steady_clock::now() - began});
  };
  // Long items one at a time, so that no worker has several left when the others have none; short ones in chunks.
  const std::size_t chunk_size = given.work >= 100'000 ? 1 : 0;
  std::vector<answer> answers;
  const auto together = seconds_of([&] {
    answers = pool.map<square_in_worker>(questions, {.chunk_size = chunk_size, .on_progress = tell});
  });
  const auto alone = seconds_of([&] {
    for (const auto& each : questions) (void)square(each);
  });
  return summarize(answers, workers, together, alone, in_every_way(pool));
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>("pool_map", "Squares numbers on a pool of workers, in order.", pool_map)
        .group("Pools")
        .option("items", &settings::items, "numbers to square")
        .option("workers", &settings::workers, "processes that do it", {.least = 1, .most = 256})
        .option("work", &settings::work, "steps of arithmetic that each square takes")
        .option("poison", &settings::poison, "a number that no worker survives; 0: none")
        .option("kills", &settings::kills, "repeats the work until so many workers were killed at it")
        .option("seed", &settings::seed, "of the moments at which that happens");

}  // namespace
