// says: troupe: a handler must not be volatile, &&-qualified or variadic
#include <troupe/troupe.hpp>

struct odd {
  void f() volatile {}
};
void use(troupe::actor<odd> o) { o.tell<&odd::f>(); }
