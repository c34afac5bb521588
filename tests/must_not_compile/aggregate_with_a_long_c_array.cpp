// says: troupe: an aggregate with a C array of more than 100 elements
#include <troupe/troupe.hpp>

struct record {
  char name[256];
};
struct archive {
  void keep(std::vector<record>) {}
};
void use(troupe::actor<archive> a) { a.tell<&archive::keep>(std::vector<record>{}); }
