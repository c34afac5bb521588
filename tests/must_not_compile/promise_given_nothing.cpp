// says: troupe: set_value takes the value that was promised, and nothing where that is void
#include <troupe/troupe.hpp>

void use(troupe::promise<int> p) { p.set_value(); }
