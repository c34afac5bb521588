// says: troupe: a view cannot be sent
#include <troupe/troupe.hpp>

struct sorter {
  void sort(std::span<int>) {}
};
void use(troupe::actor<sorter> s, std::vector<int> v) { s.tell<&sorter::sort>(v); }
