// says: troupe: an actor is a class or a function: spawn<A>(arguments...)
#include <troupe/troupe.hpp>

void use(troupe::actor_system& s) { (void)s.spawn<int>(1); }
