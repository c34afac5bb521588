// says: troupe: a function object that runs in another process cannot have captures or members
#include <troupe/troupe.hpp>

void use(troupe::actor_system& s) {
  int n = 3;
  s.spawn([n] { return n; });
}
