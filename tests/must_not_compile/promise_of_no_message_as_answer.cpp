// says: troupe: a pointer cannot be sent
#include <troupe/troupe.hpp>

struct later {
  troupe::promise<int*> number() { return {}; }
};
void use(troupe::actor<later> l) { (void)l.ask<&later::number>(); }
