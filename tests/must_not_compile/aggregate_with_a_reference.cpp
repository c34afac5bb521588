// says: troupe: a message needs a default constructor and a move
#include <troupe/troupe.hpp>

struct bound {
  int& target;
};
struct sink {
  void take(bound) {}
};
void use(troupe::actor<sink> s, int& i) { s.tell<&sink::take>(bound{i}); }
