// says: troupe: a pointer cannot be sent
#include <troupe/troupe.hpp>

struct later {
  troupe::task<int*> number() { co_return nullptr; }
};
void use(troupe::actor<later> l) { (void)l.ask<&later::number>(); }
