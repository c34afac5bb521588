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
  void add(int) {}
};
void use(troupe::actor<counter> c) { c.tell<&other::add>(1); }
