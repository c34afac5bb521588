// says: troupe: a pointer cannot be sent
#include <troupe/troupe.hpp>

#include <map>
#include <optional>

struct leaf {
  const char* text = nullptr;
};
struct branch {
  std::map<std::string, std::optional<leaf>> leaves;
};
struct forest {
  void plant(branch) {}
};
void use(troupe::actor<forest> f) { f.tell<&forest::plant>(branch{}); }
