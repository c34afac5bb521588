// says: troupe: a handler's parameter must be a value, const& or &&
#include <troupe/troupe.hpp>

class counter {
 public:
  explicit counter(int start) : total_{start} {}
  void add(int n) { total_ += n; }
  int total() const { return total_; }

 private:
  int total_;
};

void reset(int&) {}
void use(troupe::actor<counter> c) { c.tell<&reset>(1); }
