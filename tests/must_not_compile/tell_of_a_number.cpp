// says: troupe: a message is named by a member function: tell<&A::member>(arguments...)
#include <troupe/troupe.hpp>

class counter {
 public:
  explicit counter(int start) : total_{start} {}
  void add(int n) { total_ += n; }
  int total() const { return total_; }

 private:
  int total_;
};

void use(troupe::actor<counter> c) { c.tell<5>(1); }
