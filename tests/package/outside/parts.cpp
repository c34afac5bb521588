#include "parts.hpp"

namespace parts {
namespace {

class greeter {
 public:
  explicit greeter(std::string word) : word_{std::move(word)} {}
  std::string greet(const std::string& name) const { return word_ + ", " + name; }

 private:
  std::string word_;
};

}  // namespace

std::string greeting_by_an_actor(troupe::actor_system& system, const std::string& name) {
  return system.spawn<greeter>("hello").ask<&greeter::greet>(name).get();
}

}  // namespace parts
