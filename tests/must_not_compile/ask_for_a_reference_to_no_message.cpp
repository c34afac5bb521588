// says: troupe: this is not a message type: use arithmetic types, strings, standard containers or plain aggregates, or give the class a cereal `serialize`
#include <troupe/troupe.hpp>

class chained {
 public:
  chained() {}
  chained& next() { return *this; }
};
void use(troupe::actor<chained> c) { (void)c.ask<&chained::next>(); }
