// says: troupe: a pointer cannot be sent
#include <troupe/troupe.hpp>

struct node {
  node* next = nullptr;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(next);
  }
};
struct list {
  node first() const { return {}; }
};
void use(troupe::actor<list> l) { (void)l.ask<&list::first>(); }
