// says: troupe: this type is too large for the machine to change at once
#include <troupe/shared_value.hpp>

#include <array>

long first() { return troupe::shared_value<std::array<long, 9>>{{}}.load()[0]; }
