// says: troupe: only a trivially copyable type can lie in shared memory
#include <troupe/shared_array.hpp>

#include <vector>

troupe::shared_array<std::vector<int>> array;
