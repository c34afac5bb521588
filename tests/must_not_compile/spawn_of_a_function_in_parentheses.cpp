// says: troupe: name the function in the brackets: spawn<f>(arguments...)
#include <troupe/troupe.hpp>

void work(int) {}
void use(troupe::actor_system& s) { s.spawn(work, 1); }
