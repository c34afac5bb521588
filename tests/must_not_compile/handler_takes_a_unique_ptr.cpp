// says: troupe: a smart pointer cannot be sent
#include <troupe/troupe.hpp>

struct owner {
  void own(std::unique_ptr<int>) {}
};
void use(troupe::actor<owner> o) { o.tell<&owner::own>(std::make_unique<int>(1)); }
