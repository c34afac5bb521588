// says: troupe: a smart pointer cannot be sent
#include <troupe/queue.hpp>

#include <cereal/types/memory.hpp>
#include <cereal/types/polymorphic.hpp>

struct shape {
  virtual ~shape() = default;
  template <class Archive>
  void serialize(Archive&) {}
};

class drawing {
 public:
  template <class Archive>
  void save(Archive& archive) const {
    archive(CEREAL_NVP(background_));
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(CEREAL_NVP(background_));
  }

 private:
  std::shared_ptr<shape> background_;
};
void use(troupe::queue<drawing> q) { q.put(drawing{}); }
