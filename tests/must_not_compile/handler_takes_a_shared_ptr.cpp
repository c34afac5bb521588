// says: troupe: a smart pointer cannot be sent
#include <troupe/troupe.hpp>

struct sharer {
  void share(const std::vector<std::shared_ptr<int>>&) {}
};
void use(troupe::actor<sharer> s) { s.tell<&sharer::share>(std::vector<std::shared_ptr<int>>{}); }
