// other_program [CERTIFICATES]: a node of another build. Says where it listens, and lives until its input ends.
#include <troupe/node.hpp>
#include <troupe/troupe.hpp>

#include <iostream>
#include <string>

int main(int argc, char** argv) {
  troupe::guard(argc, argv);
  troupe::actor_system system;
  const troupe::cluster_node here{system, {.certificates = argc > 1 ? argv[1] : ""}};
  std::cout << here.address() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
  }
}
