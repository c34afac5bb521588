// says: troupe: an argument cannot be converted to the type of its parameter
#include <troupe/troupe.hpp>

class counter {
 public:
  explicit counter(int start) : total_{start} {}
  void add(int n) { total_ += n; }
  int total() const { return total_; }

 private:
  int total_;
};

void use(troupe::actor<counter> c) { c.tell<&counter::add>("text"); }
