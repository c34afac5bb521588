// says: troupe: a pointer cannot be sent
#include <troupe/troupe.hpp>

void use() { troupe::promise<int*> p; }
