// Spawns an actor of its own; the answer must be right.
#include <troupe/troupe.hpp>

class adder {
 public:
  int sum(int a, int b) const { return a + b; }
};

int main() {
  troupe::actor_system system;
  return system.spawn<adder>().ask<&adder::sum>(40, 2).get() == 42 ? 0 : 1;
}
