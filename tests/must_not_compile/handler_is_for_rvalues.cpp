// says: troupe: a handler must not be volatile, &&-qualified or variadic
#include <troupe/troupe.hpp>

struct odd {
  int f() && { return 1; }
};
int use(troupe::actor<odd> o) { return o.ask<&odd::f>().get(); }
