// says: troupe: spawn needs to know what the function object takes
#include <troupe/troupe.hpp>

void use(troupe::actor_system& s) {
  s.spawn([](auto n) { return n; }, 3);
}
