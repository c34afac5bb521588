// says: troupe: the actor's class is only declared here: include its definition
#include <troupe/troupe.hpp>

class elsewhere;
void use(troupe::actor_system& s) { (void)s.spawn<elsewhere>(1); }
