#include <troupe/available_cpus.hpp>
#include <troupe/pool.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>

namespace troupe {

namespace detail {
pool_rules checked(const pool_rules& given);
}

namespace {

constexpr std::size_t most_workers = 4096;
constexpr std::size_t most_items = ~std::size_t{0} / 2;  // more: it was negative

std::size_t number_of_workers(const pool_options& options) {
  if (options.workers > most_workers) {
    throw std::invalid_argument{"troupe: pool_options::workers is " + std::to_string(options.workers) +
                                ", and a pool has " + std::to_string(most_workers) +
                                " processes at most: was the number negative?"};
  }
  if (options.workers != 0) return options.workers;
  return options.nodes.empty() ? available_cpus() : std::min(options.nodes.size(), most_workers);
}

detail::crew_options crew_of(const pool_options& options) {
  return {.name = options.name,
          .workers = number_of_workers(options),
          .nodes = options.nodes,
          .max_tasks = options.max_tasks_per_worker,
          .max_age = options.max_age_per_worker,
          .max_memory = options.max_memory_per_worker,
          .initializer = options.initializer,
          .rules = detail::checked({options.max_attempts, options.deadline, options.queue_deadline}),
          .memory_limit = options.memory_limit};
}

}  // namespace

const map_options& detail::checked(const map_options& given) {
  if (given.chunk_size <= most_items && given.in_flight <= most_items) return given;
  throw std::invalid_argument{
      "troupe: map_options::chunk_size and in_flight are numbers of items and of chunks: one was negative"};
}

detail::pool_rules detail::checked(const pool_rules& given) {
  if (given.max_attempts == 0)
    throw std::invalid_argument{"troupe: max_attempts is 0, and then nothing of a pool would ever run"};
  if (given.deadline < std::chrono::nanoseconds{0} || given.queue_deadline < std::chrono::nanoseconds{0})
    throw std::invalid_argument{"troupe: a deadline of a pool's items is negative; 0 means none"};
  return given;
}

detail::pool_rules detail::rules_of(const map_options& given, const pool_rules& otherwise) {
  return checked({given.max_attempts.value_or(otherwise.max_attempts),
                  given.deadline.value_or(otherwise.deadline), otherwise.queue_deadline});
}

std::uint32_t pool::attempt() { return detail::current_attempt; }

pool::pool(actor_system& system, const pool_options& options)
    : options_{options},
      crew_{std::make_shared<detail::pool_crew>(system, crew_of(options))},
      desk_{std::make_shared<detail::pool_desk>(crew_)} {}

pool::~pool() {
  desk_->end();
  crew_->end(options_.grace);
  desk_->advance();  // what was at the workers has been answered, or ended with them
}

void pool::close() { crew_->close(); }

void pool::join() {
  if (!crew_->is_closed()) {
    throw std::logic_error{"troupe::pool: join waits for the end of the pool '" + name() +
                           "', which takes work until it is closed: call close, or terminate, first"};
  }
  desk_->wait_until_idle(std::chrono::nanoseconds::max());
  crew_->wait_for_maps(std::chrono::nanoseconds::max());
  crew_->end(std::nullopt);
  desk_->advance();
}

void pool::terminate() {
  crew_->close();
  desk_->end();
  crew_->kill();
}

void pool::shutdown(const shutdown_options& options) {
  crew_->close();
  if (options.cancel_pending) {
    const auto why = std::make_exception_ptr(
        cancelled{"the call was cancelled before it had begun: its pool was shut down"});
    for (const auto& each : desk_->take_waiting()) each->fail(why);
  }
  if (options.wait) join();
}

drain_report pool::drain(std::chrono::nanoseconds patience) {
  crew_->close();
  drain_report report;
  const auto why =
      std::make_exception_ptr(pool_closed{"the call was not begun: the pool '" + name() + "' was drained"});
  const auto give_back = [&](bool more_may_come) {
    for (const auto& each : desk_->take_unbegun(more_may_come)) {
      if (each->is_given_up()) continue;
      if (!each->last_death) report.unstarted.push_back({each->number, each->arguments()});
      each->fail(each->last_death ? each->last_death : why);
    }
  };
  give_back(true);
  try {
    const auto until = detail::deadline_in(patience);
    const auto left = [until] { return until - std::chrono::steady_clock::now(); };
    report.in_time = desk_->wait_until_idle(left()) && crew_->wait_for_maps(left());
    // A moment for workers that are idle; whoever is not has had its time.
    crew_->end(report.in_time ? std::optional<std::chrono::nanoseconds>{} : std::chrono::nanoseconds{0});
    desk_->wait_until_idle(std::chrono::nanoseconds::max());
  } catch (...) {
    give_back(false);  // nobody hears of them by a report: they fail
    throw;
  }
  give_back(false);  // what had been sent to a worker, and was not begun before its end
  std::ranges::sort(report.unstarted, {}, &unstarted_call::number);
  return report;
}

std::vector<process> pool::workers() { return crew_->roll_call(); }

}  // namespace troupe
