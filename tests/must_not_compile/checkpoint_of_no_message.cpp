// says: troupe: this is not a message type: use arithmetic types, strings, standard containers or plain aggregates, or give the class a cereal `serialize`
#include <troupe/troupe.hpp>

class opaque {
 public:
  opaque() {}
};
void use(const opaque& state) { troupe::this_actor::checkpoint(state); }
