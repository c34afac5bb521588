// says: troupe: a union cannot be sent: use std::variant
#include <troupe/troupe.hpp>

union either {
  int number;
  float real;
};
struct sink {
  void take(either) {}
};
void use(troupe::actor<sink> s) { s.tell<&sink::take>(either{1}); }
