// says: troupe: only futures can be waited for
#include <troupe/troupe.hpp>

#include <vector>

void use(const std::vector<int>& numbers) { (void)troupe::wait_any(numbers); }
