// says: troupe: a pointer in shared memory means nothing to the other processes
#include <troupe/shared_value.hpp>

troupe::shared_value<int*> value;
