#include "workloads.hpp"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace bench {

amount choose(amount full, amount quick) { return std::getenv("PEER_QUICK") != nullptr ? quick : full; }

void report(const std::string& workload, const std::string& metric, double value, const std::string& unit) {
  std::printf("%s,%s,%.6g,%s\n", workload.c_str(), metric.c_str(), value, unit.c_str());
  std::fflush(stdout);
}

void fail(std::string_view check) { throw std::runtime_error{"check failed: " + std::string{check}}; }

}  // namespace bench
