// says: troupe: an aggregate with a C array cannot be sent as it is: make the array a std::array
#include <troupe/troupe.hpp>

struct matrix {
  int rows = 0;
  double values[9] = {};
};
struct algebra {
  void invert(const matrix&) {}
};
void use(troupe::actor<algebra> a) { a.tell<&algebra::invert>(matrix{}); }
