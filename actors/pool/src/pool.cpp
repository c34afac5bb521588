#include <troupe/pool.hpp>

#include <algorithm>
#include <thread>

namespace troupe {

namespace {

std::size_t number_of_workers(const pool_options& options) {
  if (options.workers != 0) return options.workers;
  return std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
}

}  // namespace

pool::pool(actor_system& system, const pool_options& options)
    : options_{options},
      crew_{std::make_shared<detail::pool_crew>(system, options.name, number_of_workers(options))},
      desk_{std::make_shared<detail::pool_desk>(crew_)} {}

pool::~pool() {
  desk_->end();
  crew_->end(options_.grace);
  desk_->advance();  // what was at the workers has been answered, or ended with them
}

void pool::close() { crew_->close(); }

std::vector<process> pool::workers() { return crew_->roll_call(); }

}  // namespace troupe
