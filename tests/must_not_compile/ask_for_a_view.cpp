// says: troupe: a view cannot be sent
#include <troupe/troupe.hpp>

struct keeper {
  std::string text;
  std::string_view look() const { return text; }
};
auto use(troupe::actor<keeper> k) { return k.ask<&keeper::look>(); }
