// says: troupe: an aggregate with a base class cannot be sent as it is: make the base a member
#include <troupe/troupe.hpp>

struct animal {
  int legs = 4;
};
struct dog : animal {
  std::string name;
};
struct kennel {
  void take(const dog&) {}
};
void use(troupe::actor<kennel> k) { k.tell<&kennel::take>(dog{}); }
