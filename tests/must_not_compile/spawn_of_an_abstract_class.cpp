// says: troupe: the actor's class is abstract: spawn a class that implements it
#include <troupe/troupe.hpp>

struct shape {
  virtual ~shape() = default;
  virtual double area() const = 0;
};
void use(troupe::actor_system& s) { s.spawn<shape>(); }
