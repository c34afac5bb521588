// says: troupe: this is not a message type: use arithmetic types, strings, standard containers or plain aggregates, or give the class a cereal `serialize`
#include <troupe/troupe.hpp>

#include <functional>

struct runner {
  void run(std::function<void()>) {}
};
void use(troupe::actor<runner> r) {
  r.tell<&runner::run>([] {});
}
