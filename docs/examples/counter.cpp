#include <troupe/troupe.hpp>

#include <iostream>

class counter {  // any class is an actor: no base class, no macro, no registration
 public:
  explicit counter(int start) : total_{start} {}
  void add(int n) { total_ += n; }
  int total() const { return total_; }

 private:
  int total_;
};

int main() {
  troupe::actor_system system;               // in an actor's process this line never returns
  auto c = system.spawn<counter>(5);         // its own process
  c.tell<&counter::add>(7);                  // one way, in order
  auto total = c.ask<&counter::total>();     // a request; its answer is a future
  std::cout << total.get() << '\n';          // 12
  c.stop();                                  // everything told before is handled first
  std::cout << to_string(c.join()) << '\n';  // how the process ended
}
