// The least that uses Troupe: one actor, told once. How large its program is: see measure.
#include <troupe/troupe.hpp>

#include <cstdio>

namespace {

class greeter {
 public:
  void greet() const { std::puts("hello"); }
};

}  // namespace

int main() {
  troupe::actor_system system;
  system.spawn<greeter>().tell<&greeter::greet>();
}
