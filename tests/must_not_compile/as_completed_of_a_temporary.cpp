// says: troupe: as_completed refers to the container
#include <troupe/troupe.hpp>

#include <vector>

std::vector<troupe::future<int>> ask_all();
void use() {
  for (auto& done : troupe::as_completed(ask_all())) done.get();
}
