// says: troupe: a handler's parameter must be a value, const& or &&
#include <troupe/troupe.hpp>

struct filler {
  void fill(std::string& target) { target = "full"; }
};
void use(troupe::actor<filler> f) { f.tell<&filler::fill>(std::string{}); }
