// says: troupe: a handler that is a coroutine cannot take views
#include <troupe/troupe.hpp>

#include <string_view>

struct reader {
  troupe::task<int> length(std::string_view text) { co_return static_cast<int>(text.size()); }
};
void use(troupe::actor<reader> r) { r.tell<&reader::length>("text"); }
