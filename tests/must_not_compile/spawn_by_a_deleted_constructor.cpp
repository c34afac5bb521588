// says: troupe: the actor's class has no public constructor for these arguments
#include <troupe/troupe.hpp>

struct gone {
  explicit gone(int) = delete;
};
void use(troupe::actor_system& s) { s.spawn<gone>({.name = "gone"}, 1); }
