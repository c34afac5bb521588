// says: troupe: the member function belongs to another class than the actor's
#include <troupe/troupe.hpp>

class counter {
 public:
  explicit counter(int start) : total_{start} {}
  void add(int n) { total_ += n; }
  int total() const { return total_; }

 private:
  int total_;
};

struct other {
  int total() { return 0; }
};
int use(troupe::actor<counter> c) { return c.ask<&other::total>().get(); }
