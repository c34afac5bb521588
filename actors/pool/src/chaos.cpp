#include <troupe/pool_chaos.hpp>

#include <random>
#include <stdexcept>
#include <string>

namespace troupe {
namespace {

/// More than come to be.
bool has_worked(const exit_status& status) {
  return status.messages_handled != 0 || status.user_time + status.system_time > std::chrono::milliseconds{1};
}

pool_chaos_options checked(pool_chaos_options given) {
  if (given.pace.count() < 0)
    throw std::invalid_argument{"troupe::pool_chaos: the pace must not be negative, and is " +
                                std::to_string(given.pace.count()) + " us"};
  return given;
}

}  // namespace

pool_chaos::pool_chaos(pool& which, pool_chaos_options options)
    : pool_{which}, options_{checked(options)}, thread_{[this] { run(); }} {}

pool_chaos::~pool_chaos() {
  is_stopped_ = true;
  thread_.join();
}

void pool_chaos::run() {
  std::mt19937_64 random{options_.seed};
  std::uniform_int_distribution<std::int64_t> pause{0, 2 * options_.pace.count()};
  try {
    while (done_ < options_.kills && !is_stopped_) {
      std::this_thread::sleep_for(std::chrono::microseconds{pause(random)});
      const auto workers = pool_.workers();
      const auto& victim = workers.at(random() % workers.size());
      victim.kill();
      const auto status = victim.join();
      if (status.kind == exit_kind::signal && has_worked(status)) ++done_;
    }
  } catch (const std::exception&) {
    // No worker is there any more, nor comes: whoever uses the pool hears why.
  }
  is_over_ = true;
}

}  // namespace troupe
