// says: troupe: the member function belongs to a base of the actor's class that is private or ambiguous
#include <troupe/troupe.hpp>

struct base {
  void f() {}
};
class hidden : base {};
void use(troupe::actor<hidden> h) { h.tell<&base::f>(); }
