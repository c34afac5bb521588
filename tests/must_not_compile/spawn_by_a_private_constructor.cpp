// says: troupe: the actor's class has no public constructor for these arguments
#include <troupe/troupe.hpp>

class closed {
  closed() {}
};
void use(troupe::actor_system& s) { s.spawn<closed>(); }
