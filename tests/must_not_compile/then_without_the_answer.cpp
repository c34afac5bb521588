// says: troupe: the callback of then takes the ready future
#include <troupe/troupe.hpp>

void use(troupe::future<int> answer) {
  answer.then([](int) {});
}
