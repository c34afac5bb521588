#include "framework/system/like_names.hpp"

// The same names as in the other file.
namespace like_names {
namespace {
void work(troupe::queue<std::string> to) { to.put("function of the second file"); }
void run_lambda(troupe::actor_system& system, const troupe::queue<std::string>& to) {
  system.spawn([](troupe::queue<std::string> out) { out.put("lambda of the second file"); }, to).join();
  system.spawn<[](troupe::queue<std::string> out) { out.put("constant of the second file"); }>(to).join();
}
}  // namespace

void run_those_of_the_second_file(troupe::actor_system& system, const troupe::queue<std::string>& to) {
  system.spawn<work>(to).join();
  run_lambda(system, to);
}

}  // namespace like_names
