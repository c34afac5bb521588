// says: troupe: a pointer cannot be sent
#include <troupe/troupe.hpp>

struct filler {
  void fill(int* target) { *target = 1; }
};
void use(troupe::actor<filler> f, int* i) { f.tell<&filler::fill>(i); }
