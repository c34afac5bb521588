// says: troupe: a pointer cannot be sent
#include <troupe/troupe.hpp>

struct pointing {
  explicit pointing(int*) {}
};
void use(troupe::actor_system& s, int* p) { s.spawn<pointing>(p); }
