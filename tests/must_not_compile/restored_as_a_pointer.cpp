// says: troupe: a pointer cannot be sent
#include <troupe/troupe.hpp>

void use() { (void)troupe::this_actor::restored<int*>(); }
