#include <troupe/available_cpus.hpp>
#include <troupe/pool.hpp>

namespace troupe {

namespace {

std::size_t number_of_workers(const pool_options& options) {
  return options.workers != 0 ? options.workers : available_cpus();
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
