// says: troupe: only a trivially copyable type can lie in shared memory
#include <troupe/shared_value.hpp>

#include <string>

troupe::shared_value<std::string> value;
