// says: troupe: this is not a message type: use arithmetic types, strings, standard containers or plain aggregates, or give the class a cereal `serialize`
#include <troupe/troupe.hpp>

class half {
 public:
  half() {}
  template <class Archive>
  void save(Archive& archive) const {
    archive(number_);
  }

 private:
  int number_ = 0;
};
struct sink {
  void take(half) {}
};
void use(troupe::actor<sink> s) { s.tell<&sink::take>(half{}); }
