// says: troupe: a message is named by a member function: tell<&A::member>(arguments...)
#include <troupe/troupe.hpp>

struct open {
  int total = 0;
};
void use(troupe::actor<open> o) { o.tell<&open::total>(1); }
