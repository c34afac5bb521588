// Guessing by throwing dice, many at a time: the throws are partitioned, each partition is computed by whichever worker is
// free, and the parts are merged in order. Each partition has its own stream of random numbers, made from the seed and the
// partition's number, so the results are the same whatever the number of workers.
#include <troupe/launcher.hpp>
#include <troupe/pool.hpp>
#include <troupe/pool_chaos.hpp>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <numbers>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct settings {
  std::uint64_t samples = 4'000'000;
  unsigned partitions = 64;
  unsigned workers = 2;
  std::uint64_t seed = 1;
  std::uint64_t kills = 0;
};

/// The right to buy at `strike` in `years` what costs `spot` today.
struct call_option {
  double spot = 100;
  double strike = 105;
  double rate = 0.05;
  double volatility = 0.2;
  double years = 1;
};

struct partition {
  std::uint64_t seed = 0;
  std::uint64_t number = 0;
  std::uint64_t samples = 0;
};

/// What a partition adds to the whole.
struct part {
  std::uint64_t samples = 0;
  std::uint64_t in_circle = 0;
  double payoff = 0;
  double payoff_squared = 0;
};

std::mt19937_64 random_of(const partition& given) {
  std::seed_seq mixed{given.seed & 0xffffffffU, given.seed >> 32U, given.number & 0xffffffffU,
                      given.number >> 32U};
  return std::mt19937_64{mixed};
}

/// What the workers run: points in a square, and ends of a price's random walk.
part throw_dice(const partition& given) {
  const call_option option;
  auto random = random_of(given);
  std::uniform_real_distribution<double> side{0, 1};
  std::normal_distribution<double> shock{0, 1};
  const auto drift = (option.rate - option.volatility * option.volatility / 2) * option.years;
  const auto spread = option.volatility * std::sqrt(option.years);
  part made{.samples = given.samples};
  for (std::uint64_t n = 0; n < given.samples; ++n) {
    const auto x = side(random);
    const auto y = side(random);
    made.in_circle += x * x + y * y < 1 ? 1 : 0;
    const auto price = option.spot * std::exp(drift + spread * shock(random));
    const auto payoff = std::max(price - option.strike, 0.0);
    made.payoff += payoff;
    made.payoff_squared += payoff * payoff;
  }
  return made;
}

std::vector<partition> partitions_of(const settings& given) {
  std::vector<partition> all;
  for (std::uint64_t n = 0; n < given.partitions; ++n) {
    const auto samples = given.samples / given.partitions + (n < given.samples % given.partitions ? 1 : 0);
    all.push_back({given.seed, n, samples});
  }
  return all;
}

/// In the order of the partitions: sums of floating-point numbers depend on it.
part merge(const std::vector<part>& parts) {
  part whole;
  for (const auto& each : parts) {
    whole.samples += each.samples;
    whole.in_circle += each.in_circle;
    whole.payoff += each.payoff;
    whole.payoff_squared += each.payoff_squared;
  }
  return whole;
}

/// The exact price, by the formula of Black and Scholes.
double exact_price(const call_option& option) {
  const auto normal = [](double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; };
  const auto spread = option.volatility * std::sqrt(option.years);
  const auto d1 = (std::log(option.spot / option.strike) +
                   (option.rate + option.volatility * option.volatility / 2) * option.years) /
                  spread;
  return option.spot * normal(d1) -
         option.strike * std::exp(-option.rate * option.years) * normal(d1 - spread);
}

troupe::summary summarize(const part& whole) {
  const call_option option;
  const auto count = static_cast<double>(whole.samples);
  const auto pi = 4 * static_cast<double>(whole.in_circle) / count;
  const auto discount = std::exp(-option.rate * option.years);
  const auto mean = whole.payoff / count;
  const auto price = discount * mean;
  const auto error = discount * std::sqrt(std::max(whole.payoff_squared / count - mean * mean, 0.0) / count);
  std::array<char, 240> text{};
  std::snprintf(text.data(), text.size(),
                "pi     %.6f   (%.6f)\noption %.4f +- %.4f   (%.4f by the formula)\n", pi, std::numbers::pi,
                price, error, exact_price(option));
  const boost::json::object json{
      {"samples", whole.samples}, {"in_circle", whole.in_circle}, {"pi", pi},
      {"price", price},           {"standard_error", error},      {"exact_price", exact_price(option)}};
  return {.json = boost::json::serialize(json), .text = text.data()};
}

part throw_all(const settings& given, troupe::pool& pool) {
  troupe::map_options options{.chunk_size = 1};
  if (given.kills != 0) options.max_attempts = 1000;  // who dies on purpose says nothing about the dice
  return merge(pool.map<throw_dice>(partitions_of(given), options));
}

/// The same throws again and again, until enough workers have died of it: each time the same must come of them.
troupe::summary under_fire(const settings& given, troupe::pool& pool) {
  const troupe::pool_chaos at_work{pool, {.kills = given.kills, .seed = given.seed}};
  auto made = summarize(throw_all(given, pool));
  std::uint64_t rounds = 1;
  for (; !at_work.is_over(); ++rounds) {
    const auto again = summarize(throw_all(given, pool));
    if (again.json != made.json)
      throw std::runtime_error{"the same dice gave " + again.json + " after " + made.json};
  }
  auto json = boost::json::parse(made.json).as_object();
  json["chaos"] = {{"kills", at_work.kills()}, {"seed", given.seed}, {"rounds", rounds}};
  return {.json = boost::json::serialize(json),
          .text = made.text + std::to_string(at_work.kills()) + " workers killed, " + std::to_string(rounds) +
                  " times the same result\n"};
}

troupe::summary monte_carlo(const settings& given, troupe::actor_system& system) {
  troupe::pool pool{system, {.workers = given.workers, .name = "dice", .nodes = troupe::launcher::nodes()}};
  return given.kills == 0 ? summarize(throw_all(given, pool)) : under_fire(given, pool);
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>(
        "monte_carlo", "Estimates pi and an option's price by partition and merge.", monte_carlo)
        .group("Pools")
        .option("samples", &settings::samples, "throws of the dice", {.least = 1, .most = 1e12})
        .option("partitions", &settings::partitions,
                "parts that are computed one by one; the result depends on them",
                {.least = 1, .most = 100'000})
        .option("workers", &settings::workers, "processes that compute; the result does not",
                {.least = 1, .most = 256})
        .option("seed", &settings::seed, "another seed, other dice")
        .option("kills", &settings::kills, "repeats the work until so many workers were killed at it");

}  // namespace
