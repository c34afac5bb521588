// says: troupe: a pointer cannot be sent
#include <troupe/troupe.hpp>

void use(const int* part) { troupe::this_actor::extend_checkpoint(1, part); }
