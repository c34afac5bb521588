// says: troupe: a handler's parameter must be a value, const& or &&
#include <troupe/troupe.hpp>

void work(int& result) { result = 1; }
void use(troupe::actor_system& s) {
  int result = 0;
  s.spawn<work>(result);
}
