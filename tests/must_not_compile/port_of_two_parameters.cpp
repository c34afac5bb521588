// says: troupe: a port leads to a handler with one parameter: put several values into a struct
#include <troupe/troupe.hpp>

struct pair_taker {
  void take(int, int) {}
};
void use(troupe::actor<pair_taker> p) { (void)p.port<&pair_taker::take>(); }
