// A worker program: what `system_options::executable` names.
#include <troupe/actor_system.hpp>

int main(int argc, char** argv) {
  troupe::guard(argc, argv);
  return 9;  // started by hand
}
