// says: troupe: a smart pointer cannot be sent
#include <troupe/troupe.hpp>

#include <cereal/types/memory.hpp>
#include <cereal/types/polymorphic.hpp>
#include <cereal/types/vector.hpp>

struct shape {
  virtual ~shape() = default;
  template <class Archive>
  void serialize(Archive&) {}
};

struct drawing {
  std::vector<std::unique_ptr<shape>> shapes;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(shapes);
  }
};
struct painter {
  void paint(const drawing&) {}
};
void use(troupe::actor<painter> p) { p.tell<&painter::paint>(drawing{}); }
