// A plug-in: its actor is not in the program that was started, nor in the library that started the system.
#include "core.hpp"

namespace {

class multiplier {
 public:
  explicit multiplier(int factor) : factor_{factor} {}
  int times(int number) { return factor_ * number; }

 private:
  int factor_;
};

}  // namespace

/// An actor that multiplies, for one call; `how`: 0 forks it, 1 executes it.
extern "C" int late_multiply(int how, int factor, int number) {
  return guarded([&] {
    const auto start = how == 0 ? troupe::start_method::fork : troupe::start_method::spawn;
    const auto one = core_system().spawn<multiplier>({.start = start}, factor);
    const auto product = one.ask<&multiplier::times>(number).get();
    one.stop();
    return product;
  });
}
