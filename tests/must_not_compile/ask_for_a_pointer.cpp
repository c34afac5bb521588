// says: troupe: a pointer cannot be sent
#include <troupe/troupe.hpp>

struct keeper {
  int* number() { return nullptr; }
};
int* use(troupe::actor<keeper> k) { return k.ask<&keeper::number>().get(); }
