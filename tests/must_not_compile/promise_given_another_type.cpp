// says: troupe: the value cannot be converted to the promise's type
#include <troupe/troupe.hpp>

void use(troupe::promise<std::vector<int>> p) { p.set_value("text"); }
