// says: troupe: an argument cannot be converted to the type of its parameter
#include <troupe/troupe.hpp>

void work(std::vector<int>) {}
void use(troupe::actor_system& s) { s.spawn<work>("text"); }
