// says: troupe: an argument cannot be converted to the type of its parameter
#include <troupe/troupe.hpp>

void use(troupe::port<int> p) { p.tell(std::string{"text"}); }
