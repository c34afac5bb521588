// says: troupe: spawn<f>(arguments...) takes a function or a captureless lambda
#include <troupe/troupe.hpp>

class counter {
 public:
  explicit counter(int start) : total_{start} {}
  void add(int n) { total_ += n; }
  int total() const { return total_; }

 private:
  int total_;
};

void use(troupe::actor_system& s) { s.spawn<&counter::add>(1); }
