// says: troupe: this is not a message type: use arithmetic types, strings, standard containers or plain aggregates, or give the class a cereal `serialize`
#include <troupe/queue.hpp>

class opaque {
 public:
  opaque() {}
};
void use(troupe::queue<opaque>& q) { q.close(); }
