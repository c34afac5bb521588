// says: troupe: too few arguments for the parameters
#include <troupe/troupe.hpp>

void work(int, int) {}
void use(troupe::actor_system& s) { s.spawn<work>({.name = "work"}, 1); }
