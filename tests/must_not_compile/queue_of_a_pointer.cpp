// says: troupe: a pointer cannot be sent
#include <troupe/queue.hpp>
#include <troupe/troupe.hpp>

void use(troupe::actor_system& s) { (void)s.make_queue<int*>(); }
