// says: troupe: the actor's class has no public destructor
#include <troupe/troupe.hpp>

class immortal {
 public:
  immortal() {}

 private:
  ~immortal() {}
};
void use(troupe::actor_system& s) { (void)s.spawn<immortal>(); }
